// The deployment state machine: proven, stale, broken, resumed from every instant.
import { X509Certificate, createPrivateKey, createPublicKey } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: DeployOptions = { replace: false, accept: async () => false };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };
const fingerprint = (pem: string | undefined): string =>
  pem === undefined ? "none" : new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const issueAndDeploy = async () => {
  await issue(fake.world, certificate());
  return deploy(fake.world, certificate(), options);
};

const livePair = async (one: FakeWorld) => {
  const number = one.world.store.liveNumber("mail.example.org");
  if (number === undefined) return undefined;
  const slot = (await one.world.store.readGeneration("mail.example.org", number)).ecdsa;
  if (!slot) throw new Error("no slot");
  const mine = createPublicKey(createPrivateKey(slot.privateKey)).export({ type: "spki", format: "der" });
  const theirs = new X509Certificate(slot.leaf).publicKey.export({ type: "spki", format: "der" });
  return { number, belongs: mine.equals(theirs), leaf: fingerprint(slot.leaf) };
};

describe("deploy", () => {
  it("ends verified when the new leaf is served, and changes nothing the second time", async () => {
    const first = await issueAndDeploy();
    expect(first.outcome).toBe("verified");
    expect(first.entries.map(({ verdict }) => verdict)).toEqual(["proven"]);
    expect(fake.world.store.read("mail.example.org")).toMatchObject({ stage: "verified", target: 1, attempts: 0 });
    const second = await deploy(fake.world, certificate(), options);
    expect(second.outcome).toBe("verified");
    expect(second.servers[0]).toMatchObject({ reloaded: false, changes: [] });
    expect(fake.server.reloads).toBe(1);
  });

  it("stale: the new generation stays live, and the next run finishes once the cause is gone", async () => {
    await issueAndDeploy();
    const old = fingerprint(fake.server.served);
    fake.server.deaf = true;
    const result = await renew(fake.world, [certificate()], { ...renewal, force: true });
    expect(result.outcome).toBe("fault");
    expect(result.certificates[0]?.deployed?.findings.map(({ check }) => check)).toContain("deploy-stale");
    expect(fingerprint(fake.server.served)).toBe(old);
    expect(fake.world.store.liveNumber("mail.example.org")).toBe(2);
    fake.server.deaf = false;
    const next = fake.again();
    const finished = await renew(next.world, [certificate()], renewal);
    expect(finished.outcome).toBe("done");
    expect(finished.certificates[0]?.decision.action).toBe("deploy");
    expect(next.world.store.read("mail.example.org")).toMatchObject({ stage: "verified", target: 2, attempts: 0 });
  });

  it("broken: goes back one generation, proves it, and never serves the failed one again", async () => {
    await issueAndDeploy();
    const good = fingerprint(fake.server.served);
    fake.server.breaks = true;
    const reload = fake.server;
    const servers = await fake.world.servers();
    const original = servers["fake"]!;
    let count = 0;
    // The server can read the old files again: only generation 2 is unreadable to it.
    const world = {
      ...fake.world,
      servers: async () => ({
        fake: {
          ...original,
          reload: async (installation: Installation) => {
            count += 1;
            reload.breaks = count === 1;
            await original.reload(installation);
          },
        },
      }),
    };
    const result = await renew(world, [certificate()], { ...renewal, force: true });
    expect(result.outcome).toBe("fault");
    expect(result.certificates[0]?.deployed?.outcome).toBe("rolled-back");
    expect(fingerprint(fake.server.served)).toBe(good);
    expect(fake.world.store.liveNumber("mail.example.org")).toBe(1);
    const state = fake.world.store.read("mail.example.org");
    expect(state?.generations.find(({ number }) => number === 2)?.failed).toContain("gave no TLS handshake");
    expect(state?.attempts).toBe(1);
  });

  it("broken at the first deployment: the server's own settings come back", async () => {
    await issue(fake.world, certificate());
    fake.server.served = (await fake.world.store.readGeneration("mail.example.org", 1)).ecdsa?.leaf;
    // Served before: another certificate, not ours.
    const other = fakeWorld();
    await issue(other.world, certificate());
    fake.server.served = (await other.world.store.readGeneration("mail.example.org", 1)).ecdsa?.leaf;
    other.dispose();
    fake.server.setting = "/etc/fake/old.pem";
    fake.server.breaks = true;
    const result = await deploy(fake.world, certificate(), options);
    expect(result.outcome).toBe("rolled-back");
    expect(fake.server.setting).toBe("/etc/fake/old.pem");
  });

  it("a server whose configuration is broken already is neither changed nor reloaded", async () => {
    fake.server.complaint = "fake.conf line 3: nonsense";
    const result = await issueAndDeploy();
    expect(result.outcome).toBe("unproven");
    expect(fake.server).toMatchObject({ setting: undefined, reloads: 0 });
    expect(result.findings.find(({ check }) => check === "deploy-config")?.message).toContain("fake.conf line 3");
  });

  it("an override is shown with its place, and edited only after a yes", async () => {
    fake.server.overrides = [
      {
        scope: "protocol imap",
        path: "/etc/fake/local.conf",
        line: 7,
        setting: "ssl_cert = </old.pem",
        edit: [
          { kind: "line", path: "/etc/fake/local.conf", line: 7, before: "ssl_cert = </old.pem", after: "# ssl_cert" },
        ],
      },
    ];
    const refused = await issueAndDeploy();
    expect(refused.findings.find(({ check }) => check === "deploy-override")?.message).toContain(
      "/etc/fake/local.conf line 7",
    );
    const asked: string[] = [];
    const accepted = await deploy(fake.world, certificate(), {
      ...options,
      accept: async (question) => {
        asked.push(question);
        return true;
      },
    });
    expect(asked).toHaveLength(1);
    expect(accepted.outcome).toBe("verified");
  });

  it("a server that is not running gets its settings, is named, and is proven once it runs", async () => {
    fake.server.running = false;
    const result = await issueAndDeploy();
    expect(fake.server.reloads).toBe(0);
    expect(result.outcome).toBe("in-place");
    expect(fake.world.store.read("mail.example.org")?.stage).toBe("reloaded");
    fake.server.running = true;
    const next = await renew(fake.world, [certificate()], renewal);
    expect(next.certificates[0]?.deployed?.outcome).toBe("verified");
    expect(fake.server.reloads).toBe(1);
    expect(result.findings.find(({ check }) => check === "deploy-unobservable")?.message).toContain("not running");
  });

  it("a renewal after a rollback is served, and no number is used twice", async () => {
    await issueAndDeploy();
    await renew(fake.world, [certificate()], { ...renewal, force: true });
    await rollback(fake.world, certificate(), options);
    const again = await renew(fake.world, [certificate()], { ...renewal, force: true });
    expect(again.certificates[0]?.deployed?.outcome).toBe("verified");
    const numbers = fake.world.store.read("mail.example.org")?.generations.map(({ number }) => number) ?? [];
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("rollback serves the generation before and remove takes the settings out again", async () => {
    await issueAndDeploy();
    const first = fingerprint(fake.server.served);
    await renew(fake.world, [certificate()], { ...renewal, force: true, newKey: true });
    expect(fingerprint(fake.server.served)).not.toBe(first);
    const back = await rollback(fake.world, certificate(), options);
    expect(back.outcome).toBe("verified");
    expect(fingerprint(fake.server.served)).toBe(first);
    expect(fake.world.store.read("mail.example.org")?.keys.ecdsa).toMatchObject({ current: "0001" });
    const removed = await remove(fake.world, "mail.example.org", { dryRun: false });
    expect(removed.reverted).toHaveLength(1);
    expect(fake.server.setting).toBeUndefined();
    // A timer run must not put it back.
    await renew(fake.world, [certificate()], renewal);
    expect(fake.server.setting).toBeUndefined();
  });

  it("keys are kept at renewal and lost never", async () => {
    await issueAndDeploy();
    await renew(fake.world, [certificate()], { ...renewal, force: true });
    const kept = fake.world.store.read("mail.example.org");
    expect(kept?.generations.map(({ leaves }) => leaves.ecdsa?.key)).toEqual(["0001", "0001"]);
    await renew(fake.world, [certificate()], { ...renewal, force: true, newKey: true });
    const renewed = fake.world.store.read("mail.example.org");
    expect(renewed?.keys.ecdsa).toEqual({ current: "0002", old: ["0001"] });
    expect(await fake.world.store.readKey("mail.example.org", "ecdsa", "0001")).toContain("PRIVATE KEY");
  });
});

describe("a run that is killed before any write", () => {
  it("leaves a working pair, and the next run completes", async () => {
    await issueAndDeploy();
    // Count the writes of one whole renewal, then die before each of them in turn.
    const writes: string[] = [];
    fake.hooks.beforeWrite = (what) => void writes.push(what);
    await renew(fake.world, [certificate()], { ...renewal, force: true, newKey: true });
    expect(writes.length).toBeGreaterThan(6);
    for (let instant = 0; instant < writes.length; instant += 1) {
      const run = fake.again();
      let count = 0;
      run.hooks.beforeWrite = () => {
        if (count === instant) throw new Error("killed");
        count += 1;
      };
      await expect(renew(run.world, [certificate()], { ...renewal, force: true, newKey: true })).rejects.toThrow(
        "killed",
      );
      expect(await livePair(run)).toMatchObject({ belongs: true });
      const next = run.again();
      const result = await renew(next.world, [certificate()], renewal);
      expect(result.outcome).toBe("done");
      const pair = await livePair(next);
      expect(pair).toMatchObject({ belongs: true, leaf: fingerprint(fake.server.served) });
      expect(next.world.store.read("mail.example.org")?.stage).toBe("verified");
    }
  });
});
