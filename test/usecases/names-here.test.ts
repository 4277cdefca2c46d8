// What setup says of names by which nobody will find this host: in its plan and its result, never as a refusal.
import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AddressLookup } from "../../src/dns/dns.ts";
import { setupDocument, setupText } from "../../src/reports/setup.ts";
import type { AfterSetup } from "../../src/usecases/after-setup.ts";
import { type SetupOptions, setup } from "../../src/usecases/setup.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { acmeAt, acmeCas } from "../fakes/acme-cas.ts";
import { noDns } from "../fakes/dns.ts";
import { type ImportingWorld, importingWorld } from "../fakes/importing-world.ts";
import { certificate } from "../fakes/world.ts";

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
const typo = certificate({ name: "mail.exmaple.org", names: ["mail.exmaple.org"] });

let here: ImportingWorld;
let patience: number[];
beforeEach(() => {
  here = importingWorld();
  patience = [];
});
afterEach(() => rmSync(here.dir, { recursive: true, force: true }));

const called = (proposed: string | undefined, addresses: Readonly<Record<string, AddressLookup>>): World => ({
  ...here.world,
  localAddresses: () => ["192.0.2.1"],
  hostNames: async () => ({ own: "mail", ...(proposed === undefined ? {} : { proposed }) }),
  dns: async () => ({
    ...noDns,
    addresses: async (name, { timeoutMs }) => {
      patience.push(timeoutMs);
      return addresses[name] ?? { kind: "unknown", why: "nobody answered" };
    },
  }),
});

it("a name that does not exist is told before and after, with what this host is called", async () => {
  const world = called("mail.example.org", { "mail.exmaple.org": { kind: "none", exists: false, unconfirmed: true } });
  const plan = await setup(world, typo, options);
  const planned = setupText(plan, after, world.now());
  expect(planned).toContain("  warning: mail.exmaple.org does not exist in DNS: no client finds it; this");
  expect(planned.replaceAll(/\s+/g, " ")).toContain(
    "this host is called mail.example.org -> where mail.example.org is meant: `mailcert setup mail.example.org`; else give mail.exmaple.org A and AAAA records",
  );
  const warning = { check: "doctor-name", severity: "warning" };
  const document = setupDocument(plan, after);
  expect(document).toMatchObject({ ok: true, findings: [warning] });
  expect(complaints(document)).toEqual([]);

  const done = await setup(world, typo, { ...options, dryRun: false });
  expect(setupText(done, after, world.now()).replaceAll(/\s+/g, " ")).toContain(
    "-> where mail.example.org is meant, take back what was changed, then: `mailcert setup mail.example.org`",
  );
  expect(setupDocument(done, after)).toMatchObject({ ok: true, findings: [warning] });
  expect(complaints(setupDocument(done, after))).toEqual([]);
  // Twice: the plan, then the run.
  expect(patience.every((ms) => 2 * ms <= 3000)).toBe(true);

  patience.length = 0;
  expect((await setup(world, typo, { ...options, dryRun: false })).plan.nameFindings).toEqual([]);
  expect(patience).toEqual([]);
});

it.each<[string, AddressLookup, string | undefined]>([
  ["nobody answers", { kind: "unknown", why: "no name server can be reached" }, "mail.example.org"],
  ["it leads here", { kind: "found", addresses: ["192.0.2.1", "2001:db8::1"] }, "mail.example.org"],
  ["it leads elsewhere (NAT), and the host is called so", { kind: "found", addresses: ["203.0.113.1"] }, typo.name],
  [
    "it leads elsewhere, and nothing says what the host is called",
    { kind: "found", addresses: ["203.0.113.1"] },
    undefined,
  ],
])("nothing is said where %s", async (_when, lookup, proposed) => {
  const plan = await setup(called(proposed, { [typo.name]: lookup }), typo, options);
  expect(plan.plan.nameFindings).toEqual([]);
  expect(setupDocument(plan, after)).not.toHaveProperty("findings");
});

it("a name of somebody else's is told as what may be right, and a name without a host's own beside it without a guess", async () => {
  const elsewhere = called("mail.example.org", { [typo.name]: { kind: "found", addresses: ["203.0.113.1"] } });
  expect((await setup(elsewhere, typo, options)).plan.nameFindings).toMatchObject([
    {
      severity: "info",
      message:
        "mail.exmaple.org leads to 203.0.113.1, which is no address of this host; this host is called mail.example.org",
    },
  ]);
  const wildcard = { ...typo, names: ["*.example.org", "imap.example.org"] };
  const missing = called("mail.example.org", { "imap.example.org": { kind: "none", exists: true } });
  expect((await setup(missing, wildcard, options)).plan.nameFindings).toEqual([
    {
      check: "doctor-name",
      severity: "warning",
      message: "imap.example.org has no address: no client finds it",
      hint: "give imap.example.org A and AAAA records, or correct its spelling",
    },
  ]);
});

it("where a CA has to look a name up itself, pre-flight tells it once", async () => {
  const cas = acmeCas({ ...here.world, localAddresses: () => ["192.0.2.1"] });
  cas.addresses.set(typo.name, { kind: "none", exists: false });
  const plan = await setup(cas.world, { ...typo, issuer: acmeAt("ca.example") }, options);
  expect(plan.plan.nameFindings).toEqual([]);
  expect(plan.preflight?.filter(({ message }) => message.includes("NXDOMAIN"))).toHaveLength(1);
});
