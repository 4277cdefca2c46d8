// setup --dry-run: what would stand in the way of the order is part of the plan; and settings that count from the next renewal are said to.
import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AcmeSettings } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { setupDocument, setupText } from "../../src/reports/setup.ts";
import type { AfterSetup } from "../../src/usecases/after-setup.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type SetupOptions, setup } from "../../src/usecases/setup.ts";
import { complaints } from "../docs/schemas.ts";
import { type AcmeCas, acmeAt, acmeCas } from "../fakes/acme-cas.ts";
import { type ImportingWorld, importingWorld } from "../fakes/importing-world.ts";
import { certificate } from "../fakes/world.ts";

const ca = "ca.example";
const name = "mail.example.org";
const asked = (over: Partial<AcmeSettings> = {}) => certificate({ issuer: acmeAt(ca, over) });
const options: SetupOptions = {
  replace: false,
  accept: async () => false,
  dryRun: true,
  newKey: false,
  issuerGiven: true,
};
const after: AfterSetup = {
  schedule: { kind: "none", change: "none", dryRun: true, files: [], removed: [] },
  failures: [],
};

let here: ImportingWorld;
let cas: AcmeCas;
beforeEach(() => {
  here = importingWorld();
  cas = acmeCas({ ...here.world, localAddresses: () => ["192.0.2.10"] });
  cas.addresses.set(name, { kind: "found", addresses: ["192.0.2.10"] });
  cas.caa.set(name, { kind: "none" });
});
afterEach(() => rmSync(here.dir, { recursive: true, force: true }));

it("is red where setup would fail, and green where not", async () => {
  const good = await setup(cas.world, asked(), options);
  expect(good.preflight?.every(({ severity }) => severity !== "fault")).toBe(true);
  expect(setupDocument(good, after)).toMatchObject({ ok: true, dryRun: true });
  expect(complaints(setupDocument(good, after))).toEqual([]);

  cas.facts.set(ca, {
    accountTrouble: new Failure("config", "the terms are not agreed to", { hints: ["--agree-tos"] }),
  });
  const bad = await setup(cas.world, asked(), options);
  expect(setupText(bad, after, here.world.now())).toContain("FAULT   the terms are not agreed to (preflight-account)");
  expect(setupDocument(bad, after)).toMatchObject({ ok: false });
  expect(complaints(setupDocument(bad, after))).toEqual([]);
  expect(cas.orders).toEqual([]);
});

it("does not put a self-signed certificate in the place of a private CA's, whose root people have, unless told to", async () => {
  const selfSigned = certificate();
  await issue(here.world, selfSigned);
  const state = here.world.store.read(name);
  const [first] = state?.generations ?? [];
  if (!state || !first) throw new Error("nothing was issued");
  await here.world.store.write({
    ...state,
    generations: [{ ...first, issuer: "private-ca", authority: "default" }],
  });
  const served = { ...cas.world, store: { ...here.world.store, liveNumber: () => first.number } };
  for (const dryRun of [true, false])
    await expect(setup(served, selfSigned, { ...options, dryRun })).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining('of the private CA "default", whose root clients have imported') as string,
      hints: [
        "to stay with the CA: mailcert setup mail.example.org --issuer private-ca",
        "to replace it all the same: add --replace",
      ],
    });
  expect((await setup(served, selfSigned, { ...options, replace: true })).plan.certificate.issuer.kind).toBe(
    "self-signed",
  );
});

it("asks nobody where there is nothing to order, or nothing that an order costs", async () => {
  expect((await setup(cas.world, certificate(), options)).preflight).toEqual([]);
  await setup(cas.world, asked(), { ...options, dryRun: false });
  cas.inspected.length = 0;
  expect(await setup(cas.world, asked(), options)).not.toHaveProperty("preflight");
  expect(cas.inspected).toEqual([]);
});

it("a profile, a chain or a lifetime that is asked for now counts from the next renewal, and that is said", async () => {
  await setup(cas.world, asked(), { ...options, dryRun: false });
  const changed = asked({ profiles: ["shortlived", "tlsserver"], preferredChain: "ISRG Root X2", days: 30 });
  const planned = await setup(cas.world, changed, options);
  expect(planned.plan.fromNextRenewal).toEqual(["days", "profile", "preferred_chain"]);
  const done = await setup(cas.world, changed, { ...options, dryRun: false });
  const text = setupText(done, after, here.world.now());
  expect(text).toContain(
    `profile: shortlived, tlsserver holds from the next renewal; now: mailcert renew --force ${name}`,
  );
  expect(text).toContain("preferred_chain: ISRG Root X2 holds from the next renewal");
  expect(complaints(setupDocument(done, after))).toEqual([]);
  expect((await setup(cas.world, changed, options)).plan.fromNextRenewal).toEqual([]);
});
