// The deployment state machine: proven, stale, broken, resumed from every instant.
import { X509Certificate, createPrivateKey, createPublicKey } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Installation } from "../../src/servers/server.ts";
import { Failure } from "../../src/domain/failure.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { renewText } from "../../src/reports/renew.ts";
import { rollback, rollbackTarget } from "../../src/usecases/rollback.ts";
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
  const mine = createPublicKey(createPrivateKey(slot.privateKey ?? "")).export({ type: "spki", format: "der" });
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

  it.each(["before the switch", "after it"])(
    "given up at a question, %s: nothing else is begun, and it is no bug",
    async (when) => {
      if (when === "before the switch") await issueAndDeploy();
      else await issue(fake.world, certificate());
      const before = fake.server.reloads;
      const edit = [{ kind: "line" as const, path: "/etc/fake/local.conf", line: 7, before: "a", after: "b" }];
      fake.server.overrides = [
        { scope: "imap", path: "/etc/fake/local.conf", line: 7, setting: "a", edit, bearable: true },
      ];
      // As bin/host.js does it: the run's signal, and the question's own end.
      const stop = new AbortController();
      const accept = async (): Promise<boolean> => {
        const error = Object.assign(new Error("nobody answered"), { name: "AbortError" });
        stop.abort(error);
        throw error;
      };
      const end = deploy({ ...fake.world, signal: stop.signal }, certificate(), { ...options, accept });
      await expect(end).rejects.toMatchObject({
        kind: "try-later",
        message: "stopped; the next run goes on from here",
      });
      expect(fake.server.reloads).toBe(before);
      const next = await deploy(fake.world, certificate(), { ...options, accept: async () => true });
      expect(next.outcome).toBe("verified");
    },
  );

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

  it("rollback names a staged generation that it throws away, and says that no earlier one is kept", async () => {
    const { world } = fake;
    await issue(world, certificate());
    await deploy(world, certificate(), options);
    expect(() => rollbackTarget(world, "mail.example.org")).toThrow(
      "generation 1 of mail.example.org is the first: there is nothing to go back to",
    );
    for (let number = 2; number <= 6; number += 1) {
      await issue(world, certificate());
      await deploy(world, certificate(), options);
    }
    await issue(world, certificate());
    expect(rollbackTarget(world, "mail.example.org")).toEqual({ number: 5, thrownAway: 7 });
    const back = await rollback(world, certificate(), options);
    expect(back).toMatchObject({ outcome: "verified", generation: { number: 5 } });
    expect(back.findings.map(({ check, message }) => [check, message])).toContainEqual([
      "rollback-staged",
      "generation 7, which was staged and never served, was thrown away",
    ]);
    expect(rollbackTarget(world, "mail.example.org")).toEqual({ number: 4 });
    expect(await rollback(world, certificate(), options)).toMatchObject({ generation: { number: 4 }, findings: [] });
    await expect(rollback(world, certificate(), options)).rejects.toMatchObject({
      message:
        "no generation of mail.example.org from before 4 is kept any more: mailcert keeps the live one and the two before it",
      hints: ["make a new one: mailcert renew --force mail.example.org"],
    });
    expect(world.store.liveNumber("mail.example.org")).toBe(4);
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
    const [removed] = await remove(fake.world, [], { dryRun: false });
    expect(removed?.reverted).toHaveLength(1);
    await expect(remove(fake.world, ["mail.exmaple.org"], { dryRun: false })).rejects.toThrow(
      "no certificate is named",
    );
    expect(fake.server.setting).toBeUndefined();
    // A timer run must not put it back.
    await renew(fake.world, [certificate()], renewal);
    expect(fake.server.setting).toBeUndefined();
  });

  it("two certificates after one another on one server: taken out together, or the lower one from under the upper", async () => {
    const other = certificate({ name: "b.example.org", names: ["b.example.org"] });
    const path = (name: string): string => join(fake.world.store.dir, "certificates", name, "live/ecdsa/fullchain.pem");
    fake.server.setting = "/etc/fake/old.pem";
    await issueAndDeploy();
    await issue(fake.world, other);
    await deploy(fake.world, other, options);
    await deploy(fake.world, certificate(), { ...options, replace: true });
    await deploy(fake.world, other, { ...options, replace: true });
    expect(fake.server.setting).toBe(path("b.example.org"));
    expect(fake.world.store.read("mail.example.org")?.deployments).toEqual({});
    await remove(fake.world, ["mail.example.org"], { dryRun: false });
    expect(fake.server.setting).toBe(path("b.example.org"));
    await remove(fake.world, [], { dryRun: false });
    expect(fake.server.setting).toBe("/etc/fake/old.pem");
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

describe("what must not go unseen", () => {
  it("a waiting certificate near its end is a fault, also for a quiet run", async () => {
    await issueAndDeploy();
    const state = fake.world.store.read("mail.example.org");
    if (!state) throw new Error("no state");
    fake.clock.now = new Date("2027-12-15T00:00:00Z");
    await fake.world.store.write({
      ...state,
      attempts: 2,
      nextAttempt: "2027-12-15T10:00:00Z",
      lastError: {
        at: "2027-12-14T23:00:00Z",
        what: "issue",
        message: "rate limited",
        facts: { retryAt: "2027-12-15T10:00:00Z" },
      },
    });
    const result = await renew(fake.world, [certificate()], renewal);
    expect(result.outcome).toBe("fault");
    expect(result.certificates[0]?.findings[0]).toMatchObject({ check: "renew-ending", severity: "fault" });
    expect(renewText(result, fake.clock.now, true)).toContain("rate limited");
    // Far from its end the same wait is no news.
    fake.clock.now = new Date("2027-09-01T00:00:00Z");
    await fake.world.store.write({ ...state, attempts: 1, nextAttempt: "2027-09-01T10:00:00Z" });
    const early = await renew(fake.world, [certificate()], renewal);
    expect(early.outcome).toBe("waiting");
    expect(renewText(early, fake.clock.now, true)).toBe("");
  });

  it("a CA's wish to wait for a year is cut to a day, and another issuer does not wait at all", async () => {
    const asked = new Failure("try-later", "503", { facts: { retryAt: "2027-11-20T12:00:00Z" } });
    const failing = {
      ...fake.world,
      issuer: async () => ({ refuses: () => undefined, issue: () => Promise.reject(asked) }),
    };
    await renew(failing, [certificate()], renewal);
    const state = fake.world.store.read("mail.example.org");
    expect(state?.nextAttempt).toBe("2026-11-21T12:00:00.000Z");
    expect((await renew(fake.world, [certificate()], renewal)).outcome).toBe("waiting");
    const other = certificate({ issuer: { kind: "private-ca", ca: "default", days: 397 } });
    const result = await renew(fake.world, [other], renewal);
    expect(result.certificates[0]?.decision.action).toBe("issue");
  });

  it("a certificate that is served and not in the configuration is named", async () => {
    await issueAndDeploy();
    const result = await renew(fake.world, [], renewal);
    expect(result.findings[0]).toMatchObject({ check: "renew-orphan", severity: "warning" });
    expect(result.outcome).toBe("done");
    fake.clock.now = new Date("2027-12-15T00:00:00Z");
    expect((await renew(fake.world, [], renewal)).outcome).toBe("fault");
  });

  it("a server that is not named any more gets its own settings back", async () => {
    await issueAndDeploy();
    const result = await renew(fake.world, [certificate({ servers: [] })], renewal);
    expect(result.certificates[0]?.decision).toMatchObject({ action: "deploy" });
    expect(fake.server.setting).toBeUndefined();
    expect((await renew(fake.world, [certificate({ servers: [] })], renewal)).certificates[0]?.decision.action).toBe(
      "nothing",
    );
  });

  it("one damaged state does not keep the others from being renewed", async () => {
    await issueAndDeploy();
    const folder = join(fake.world.store.dir, "certificates", "bad.example.org");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "state.json"),
      '{"schema":"mailcert.state/1","name":"bad.example.org","generations":[{"number":1}]}',
    );
    const bad = certificate({ name: "bad.example.org", names: ["bad.example.org"] });
    const result = await renew(fake.world, [bad, certificate()], { ...renewal, force: true });
    expect(result.certificates.map(({ failure }) => failure?.kind)).toEqual(["data", undefined]);
    expect(result.certificates[1]?.deployed?.outcome).toBe("verified");
  });
});

describe("a key slot that goes", () => {
  const slotsBehindLive = (): readonly string[] =>
    readdirSync(join(fake.world.store.dir, "certificates/mail.example.org/live")).toSorted();

  it("stays behind live until a deployment without it is verified, and is never certified or served by name", async () => {
    await issueAndDeploy();
    expect(slotsBehindLive()).toEqual(["ecdsa"]);
    // Interrupted right after the switch: the settings still name the old slot's files.
    let killed = false;
    fake.hooks.beforeWrite = (what) => {
      killed = killed || what === "state switched";
      if (killed) throw new Error("killed");
    };
    const only = certificate({ keys: ["rsa"] });
    await renew(fake.world, [only], renewal).catch(() => undefined);
    expect(killed).toBe(true);
    expect(slotsBehindLive()).toEqual(["ecdsa", "rsa"]);
    const number = fake.world.store.liveNumber("mail.example.org") ?? 0;
    expect(Object.keys(await fake.world.store.readGeneration("mail.example.org", number))).toEqual(["rsa"]);
    const next = fake.again();
    expect((await renew(next.world, [only], renewal)).outcome).toBe("done");
    await renew(next.world, [only], { ...renewal, force: true });
    expect(slotsBehindLive()).toEqual(["rsa"]);
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
      let killed = false;
      // Nothing is written after the instant at which it died.
      run.hooks.beforeWrite = () => {
        killed = killed || count === instant;
        count += 1;
        if (killed) throw new Error("killed");
      };
      await renew(run.world, [certificate()], { ...renewal, force: true, newKey: true }).catch(() => undefined);
      expect(killed).toBe(true);
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
