// The way back: what it goes back to, that it is proven, how later runs hold back, and generations whose files are not what was issued.
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Listener } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import type { DeployOptions, DeployResult } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const options: DeployOptions = { replace: false, accept: async () => false };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };
const forced: RenewOptions = { ...renewal, force: true };
const fingerprint = (pem: string | undefined): string =>
  pem === undefined ? "none" : new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const issueAndDeploy = async (): Promise<DeployResult> => {
  await issue(fake.world, certificate());
  return deploy(fake.world, certificate(), options);
};

/** The same world, its server changed by `over`. */
const withServer = async (over: (server: Awaited<ReturnType<World["servers"]>>[string]) => object): Promise<World> => {
  const { fake: server } = await fake.world.servers();
  if (!server) throw new Error("no server");
  return { ...fake.world, servers: async () => ({ fake: { ...server, ...over(server) } }) };
};

/** Reloads that break it: those of these numbers, counted from 1. */
const breakingAt = (...numbers: readonly number[]): Promise<World> => {
  let count = 0;
  return withServer((server) => ({
    reload: async (installation: Parameters<typeof server.reload>[0]) => {
      count += 1;
      fake.server.breaks = numbers.includes(count);
      await server.reload(installation);
    },
  }));
};

/** Another certificate, not ours, served from a setting of the server's own. */
const ownCertificate = async (): Promise<string> => {
  const other = fakeWorld();
  await issue(other.world, certificate());
  const leaf = (await other.world.store.readGeneration(name, 1)).ecdsa?.leaf ?? "";
  other.dispose();
  const path = join(fake.world.store.dir, "own.pem");
  writeFileSync(path, leaf);
  fake.server.served = leaf;
  fake.server.setting = path;
  return leaf;
};

const fileOf = (generation: number, file: string): string =>
  join(fake.world.store.dir, "certificates", name, "generations", String(generation).padStart(4, "0"), "ecdsa", file);

describe("going back", () => {
  it("holds the next renewal back longer each time, and counts failures across generations", async () => {
    await issueAndDeploy();
    const hours: number[] = [];
    for (const attempt of [1, 2, 3]) {
      const result = await renew(await breakingAt(1), [certificate()], forced);
      expect(result.certificates[0]?.deployed?.outcome).toBe("rolled-back");
      const state = fake.world.store.read(name);
      expect(state).toMatchObject({ target: 1, stage: "verified", attempts: attempt });
      hours.push((Date.parse(state?.nextAttempt ?? "") - fake.clock.now.getTime()) / 3_600_000);
      expect(state?.lastError?.message).toMatch(
        /^generation \d was taken back, generation 1 is served again everywhere: /,
      );
    }
    expect(hours).toEqual([3, 6, 12]);
    expect(fake.world.store.read(name)?.generations.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it("never uses the number of a generation that failed again", async () => {
    await issueAndDeploy();
    await renew(await breakingAt(1), [certificate()], forced);
    expect(fake.world.store.read(name)?.generations.at(-1)).toMatchObject({
      number: 2,
      failed: expect.any(String) as string,
    });
    const result = await renew(fake.world, [certificate()], forced);
    expect(result.outcome).toBe("done");
    expect(fake.world.store.liveNumber(name)).toBe(3);
    expect(fake.world.store.read(name)).toMatchObject({ stage: "verified", target: 3, attempts: 0 });
  });

  it("at the first deployment proves that the old certificate is served again", async () => {
    const leaf = await ownCertificate();
    await issue(fake.world, certificate());
    const result = await deploy(await breakingAt(1), certificate(), options);
    expect(result.outcome).toBe("rolled-back");
    expect(result.findings[0]?.message).toContain("every entry point serves what it served before");
    expect(fingerprint(fake.server.served)).toBe(fingerprint(leaf));
    const later = await renew(fake.world, [certificate()], renewal);
    expect(later.certificates[0]?.decision.action).toBe("wait");
    const named = await renew(fake.world, [certificate()], { ...renewal, named: true });
    expect(named.certificates[0]?.deployed?.outcome).toBe("verified");
  });

  it("at the first deployment says so where the old certificate does not come back", async () => {
    await ownCertificate();
    await issue(fake.world, certificate());
    const result = await deploy(await breakingAt(1, 2), certificate(), options);
    expect(result.outcome).toBe("rolled-back");
    expect(result.findings[0]?.message).toMatch(
      /but imaps:\/\/mail\.example\.org:993 at 127\.0\.0\.1 is not as it was before/,
    );
  });

  it("after deploy --remove the servers' own settings come back, not an older generation", async () => {
    const leaf = await ownCertificate();
    const setting = fake.server.setting;
    await issueAndDeploy();
    await renew(fake.world, [certificate()], forced);
    await remove(fake.world, [name], { dryRun: false });
    const result = await deploy(await breakingAt(1), certificate(), options);
    expect(result.outcome).toBe("rolled-back");
    expect(fake.server.setting).toBe(setting);
    expect(fingerprint(fake.server.served)).toBe(fingerprint(leaf));
  });

  it("has nowhere to go where the generation before ends within 7 days: the new one stays, and that is said", async () => {
    await issueAndDeploy();
    fake.clock.now = new Date(fake.clock.now.getTime() + 392 * 86_400_000);
    const result = await renew(await breakingAt(1), [certificate()], renewal);
    expect(result.certificates[0]?.deployed?.outcome).toBe("unproven");
    const checks = result.certificates[0]?.deployed?.findings.map(({ check }) => check);
    expect(checks).toEqual(["deploy-no-way-back", "deploy-broken"]);
    expect(fake.world.store.liveNumber(name)).toBe(2);
  });
});

describe("a generation whose files are not what was issued", () => {
  const damage = (generation: number): void => truncateSync(fileOf(generation, "combined.pem"), 0);

  it("is never switched to; a run that was to deploy it makes a new one", async () => {
    await issue(fake.world, certificate());
    damage(1);
    await expect(deploy(fake.world, certificate(), options)).rejects.toMatchObject({
      kind: "data",
      message: expect.stringContaining("combined.pem is not what was written") as string,
    });
    expect(fake.world.store.liveNumber(name)).toBeUndefined();
    const result = await renew(fake.world, [certificate()], renewal);
    expect(result.certificates[0]?.decision).toMatchObject({
      action: "issue",
      why: expect.stringContaining("generation 1 is damaged") as string,
    });
    expect(fake.world.store.liveNumber(name)).toBe(2);
  });

  it("is not gone back to, by hand or by itself", async () => {
    await issueAndDeploy();
    await renew(fake.world, [certificate()], forced);
    await renew(fake.world, [certificate()], forced);
    damage(2);
    const before = fake.world.store.read(name);
    await expect(rollback(fake.world, certificate(), options)).rejects.toMatchObject({ kind: "data" });
    expect(fake.world.store.read(name)).toEqual(before);
    const result = await renew(await breakingAt(1), [certificate()], forced);
    expect(result.certificates[0]?.deployed).toMatchObject({ outcome: "rolled-back", generation: { number: 3 } });
    damage(3);
    const again = await renew(await breakingAt(1), [certificate()], forced);
    expect(again.certificates[0]?.deployed).toMatchObject({ outcome: "rolled-back", generation: { number: 1 } });
  });

  it("whose certificate was replaced by another one of the same key is noticed too", async () => {
    await issue(fake.world, certificate());
    await issue(fake.world, certificate());
    const slot = (await fake.world.store.readGeneration(name, 1)).ecdsa;
    for (const file of ["cert.pem", "chain.pem", "fullchain.pem", "combined.pem"]) {
      const key = file === "combined.pem" ? (slot?.privateKey?.trim() ?? "") + "\n" : "";
      writeFileSync(fileOf(2, file), file === "chain.pem" ? "" : `${key}${slot?.leaf.trim()}\n`);
    }
    await expect(deploy(fake.world, certificate(), options)).rejects.toMatchObject({ kind: "data" });
  });
});

describe("the proof", () => {
  const listener: Listener = {
    protocol: "imap",
    mode: "starttls",
    port: 143,
    address: "127.0.0.1",
    service: "imap",
  };

  it("looks again at what our own settings switched on", async () => {
    const world = await withServer(() => ({
      listeners: async () => [
        { ...listener, ...(fake.server.setting === undefined ? { unobservable: "TLS is off" } : {}) },
      ],
    }));
    await issue(world, certificate());
    const result = await deploy(world, certificate(), options);
    expect(result.outcome).toBe("verified");
    expect(result.entries.map(({ verdict }) => verdict)).toEqual(["proven"]);
  });

  it("takes back TLS that was switched on and does not work: clients did without", async () => {
    const plain = await breakingAt(1);
    const { fake: server } = await plain.servers();
    if (!server) throw new Error("no server");
    const world: World = {
      ...plain,
      servers: async () => ({
        fake: {
          ...server,
          listeners: async () => [
            { ...listener, ...(fake.server.setting === undefined ? { unobservable: "TLS is off" } : {}) },
          ],
        },
      }),
    };
    await issue(world, certificate());
    const result = await deploy(world, certificate(), options);
    expect(result.outcome).toBe("rolled-back");
    expect(fake.server.setting).toBeUndefined();
  });

  const tlsOff = { setting: "Dovecot: ssl = no", mend: "take it out" };
  const without = () => withServer(() => ({ listeners: async () => [{ ...listener, tlsOff }] }));

  it("is a fault where the server's configuration says that there is no TLS, and never a reason to go back", async () => {
    await issueAndDeploy();
    const world = await withServer((server) => ({
      listeners: async () => [{ ...listener, tlsOff }],
      // The reload makes the setting count.
      reload: async (installation: Parameters<typeof server.reload>[0]) => {
        await server.reload(installation);
        fake.server.served = undefined;
      },
    }));
    await renew(world, [certificate()], { ...forced, newKey: true });
    const result = await deploy(world, certificate(), options);
    expect(result).toMatchObject({
      outcome: "unproven",
      generation: { number: 2 },
      entries: [{ verdict: "failing", message: tlsOff.setting }],
    });
    expect(result.findings).toMatchObject([
      {
        check: "deploy-failing",
        severity: "fault",
        message: "TLS is switched off (Dovecot: ssl = no): 143 (STARTTLS) serves no certificate",
        hint: "take it out; then run: mailcert renew",
      },
    ]);
  });

  it("proves what is served, whatever the configuration says that was not read again", async () => {
    await issueAndDeploy();
    const result = await deploy(await without(), certificate(), options);
    expect(result).toMatchObject({ outcome: "verified", entries: [{ verdict: "proven" }] });
  });

  it("stops waiting when the server's configuration was broken meanwhile, and names the file", async () => {
    await issueAndDeploy();
    const started = fake.clock.now.getTime();
    const world = await withServer(() => ({
      reload: async () => {
        fake.server.complaint = "fake.conf line 9: nonsense";
      },
    }));
    const result = await renew(world, [certificate()], forced);
    const findings = result.certificates[0]?.deployed?.findings ?? [];
    expect(findings.map(({ check }) => check)).toEqual(["deploy-config", "deploy-stale"]);
    expect(findings[0]?.message).toContain("fake.conf line 9");
    expect(fake.clock.now.getTime() - started).toBeLessThan(10_000);
  });
});
