// What an issuer would refuse, told by each dry run before anything is spent; and a deployment of what was never issued.
import { hasUnissued } from "../../src/domain/unissued.ts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { deployPlanDocument, deployPlanText } from "../../src/reports/deploy-plan.ts";
import { issueAllDocument, issueAllText } from "../../src/reports/issue.ts";
import { renewDocument, renewText } from "../../src/reports/renew.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { foreseeRefusals } from "../../src/usecases/foresee-refusals.ts";
import { issue } from "../../src/usecases/issue.ts";
import { planDeployments } from "../../src/usecases/plan-deploy.ts";
import { preflightAll } from "../../src/usecases/preflight-all.ts";
import { renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const now = new Date("2026-11-20T12:00:00Z");
const names = ["mail.example.org", "imap.one.example", "imap.two.example"];
const all = names.map((name) => certificate({ name, names: [name] }));
const outside = "the private CA is limited to example.org";

let fake: FakeWorld;
let world: World;
beforeEach(() => {
  fake = fakeWorld();
  world = {
    ...fake.world,
    config: { ...fake.world.config, read: async () => ({ certificates: all }) },
    issuer: async (kind) => ({
      ...(await fake.world.issuer(kind)),
      check: async ([name = ""]) => {
        if (name.endsWith(".example"))
          throw new Failure("data", outside, { hints: ["another CA: ca: NAME (--ca NAME)"] });
        return [];
      },
    }),
  };
});
afterEach(() => fake.dispose());

it("says which, in words of the configuration; what this user may not look at is no refusal", async () => {
  const refused = await foreseeRefusals(world, all);
  expect([...refused.keys()]).toEqual(names.slice(1));
  expect(refused.get("imap.one.example")?.hints).toEqual(["another CA: ca: NAME"]);
  const closed: World["issuer"] = async (kind) => ({
    ...(await fake.world.issuer(kind)),
    check: async () => {
      throw new Failure("no-permission", "cannot read root-key.pem: permission denied");
    },
  });
  expect((await foreseeRefusals({ ...world, issuer: closed }, all)).size).toBe(0);
});

it("issue --dry-run without a name: each certificate, with what its issuer would refuse", async () => {
  const looked = await preflightAll(world, all);
  expect(complaints(issueAllDocument(looked))).toEqual([]);
  expect(issueAllDocument(looked)).toMatchObject({ ok: false, dryRun: true });
  const text = issueAllText(looked, now);
  expect(text).toMatch(/^mail\.example\.org: would ask self-signed for mail\.example\.org \(ecdsa\)\n\nimap\.one/);
  expect(text.match(/FAULT {3}the private CA is limited to example\.org \(preflight-name\)/g)).toHaveLength(2);
});

it("renew --dry-run: what would fail is told as that, and only of what is to be issued", async () => {
  const options = { replace: false, accept: async () => false, force: false, newKey: false, named: true, dryRun: true };
  const result = await renew(world, all, options);
  expect(complaints(renewDocument(result))).toEqual([]);
  expect(result.certificates.map(({ foreseen }) => foreseen)).toEqual([undefined, true, true]);
  const text = renewText(result, now, false);
  expect(text).toContain("mail.example.org: to be issued: no certificate yet\n");
  expect(text).toContain(
    `imap.one.example: to be issued: no certificate yet; that would FAIL: ${outside}\n  -> another CA: ca: NAME`,
  );
  expect(world.store.list()).toEqual([]);
});

it("deploy --dry-run: issues nothing, and says so", async () => {
  const [first] = all;
  if (!first) throw new Error("no certificate");
  const before = await planDeployments(world, all);
  expect(hasUnissued(before)).toBe(true);
  const text = deployPlanText(before);
  expect(text).not.toContain("would make");
  expect(text).toContain(
    "nothing was issued for mail.example.org yet: there is nothing to serve\n    -> issue and deploy it: mailcert renew mail.example.org",
  );
  expect(text).toContain(`there is nothing to serve, and nothing can be issued: ${outside}`);
  expect(complaints(deployPlanDocument(before))).toEqual([]);
  expect(deployPlanDocument(before)).toMatchObject({ ok: false });
  await issue(world, first, { newKey: false });
  await deploy(world, first, { accept: async () => true, replace: false });
  const after = await planDeployments(world, [first]);
  expect(hasUnissued(after)).toBe(false);
  expect(deployPlanDocument(after)).toMatchObject({ ok: true });
});
