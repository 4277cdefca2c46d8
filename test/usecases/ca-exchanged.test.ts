// Another CA than the one whose root people have imported is told before and when it happens: plan, status, the run.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { renew } from "../../src/usecases/renew.ts";
import { setup } from "../../src/usecases/setup.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options = { replace: false, accept: async () => false };
const renewal = { ...options, force: false, newKey: false, named: false, dryRun: false };
const byCa = (ca: string): CertificateConfig => certificate({ issuer: { kind: "private-ca", ca, days: 397 } });

let fake: FakeWorld;
let world: World;
let configured: CertificateConfig;
beforeEach(async () => {
  fake = fakeWorld();
  configured = byCa("default");
  world = {
    ...fake.world,
    // Which CA signs is written down; that the signature is one's own makes no difference here.
    issuer: async () => fake.world.issuer("self-signed"),
    config: { ...fake.world.config, read: async () => ({ certificates: [configured] }) },
  };
  await issue(world, configured);
  await deploy(world, configured, options);
});
afterEach(() => fake.dispose());

const wanted = {
  check: "ca-exchanged",
  severity: "warning",
  message:
    'whoever has imported the root of the private CA "default" for mail.example.org refuses a certificate by the private CA "office" until they import that, too',
};
const ofStatus = async (): Promise<readonly unknown[]> =>
  ((await status(world, [])).certificates[0]?.findings ?? []).filter(({ check }) => check === "ca-exchanged");

it("another private CA: status and both plans before, the run when it does it, and nothing after", async () => {
  expect(await ofStatus()).toEqual([]);
  configured = byCa("office");
  expect(await ofStatus()).toMatchObject([wanted]);
  const plan = await setup(world, configured, { ...options, dryRun: true, newKey: false, issuerGiven: true });
  expect(plan.plan.nameFindings).toMatchObject([wanted]);
  const planned = await renew(world, [configured], { ...renewal, dryRun: true });
  expect(planned.certificates[0]?.findings).toMatchObject([wanted]);
  const done = await renew(world, [configured], renewal);
  expect(done.certificates[0]?.findings).toMatchObject([
    { ...wanted, hint: expect.stringContaining("mailcert ca show office names the file") as string },
  ]);
  expect(done.outcome).toBe("done");
  expect(await ofStatus()).toEqual([]);
  expect((await renew(world, [configured], { ...renewal, force: true })).certificates[0]?.findings).toEqual([]);
});

it("a self-signed one in its place, by a hand in the configuration", async () => {
  configured = certificate();
  const { certificates } = await renew(world, [configured], renewal);
  expect(certificates[0]?.findings).toMatchObject([
    { check: "ca-exchanged", message: expect.stringContaining("refuses a self-signed certificate until") as string },
  ]);
});
