// Many certificates in one go: one reload, one file, each proven for its names; one that breaks goes back alone, one that is taken out leaves the others.
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { deployAll } from "../../src/usecases/deploy-all.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { planDeploy } from "../../src/usecases/plan-deploy.ts";
import { remove } from "../../src/usecases/remove.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { type SniServer, sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: DeployOptions = { replace: false, accept: async () => false };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };

const named = (name: string, ...names: readonly string[]): CertificateConfig =>
  certificate({ name, names: names.length > 0 ? names : [name] });
const main = named("mail.example.org");
const two = named("two.example.net");
const wild = named("wild", "*.example.net", "two.example.net", "192.0.2.7");

let fake: FakeWorld;
let server: SniServer;
let all: readonly CertificateConfig[];
const worldOf = (one: FakeWorld): World => {
  const world = server.in(one.world);
  return { ...world, config: { ...world.config, read: async () => ({ certificates: all }) } };
};
let world: World;
beforeEach(() => {
  fake = fakeWorld();
  server = sniServer();
  all = [main, two, wild];
  const own = join(fake.world.store.dir, "own.pem");
  writeFileSync(own, "");
  server.setting = own;
  world = worldOf(fake);
});
afterEach(() => fake.dispose());

const leafOf = async (name: string): Promise<string> => {
  const number = fake.world.store.liveNumber(name) ?? 0;
  return (await fake.world.store.readGeneration(name, number)).ecdsa?.leaf ?? "none";
};
const subjectOf = (pem: string | undefined): string => (pem ? (new X509Certificate(pem).subjectAltName ?? "") : "none");
const stages = (): readonly unknown[] => all.map(({ name }) => fake.world.store.read(name)?.stage);
const journal = (): string => readFileSync(join(fake.world.store.dir, "events.jsonl"), "utf8");

describe("several certificates on one server", () => {
  it("are issued, switched, and proven with one reload; a second run does nothing", async () => {
    const result = await renew(world, all, renewal);
    expect(result.certificates.map(({ deployed, failure }) => failure?.message ?? deployed?.outcome)).toEqual([
      "verified",
      "verified",
      "verified",
    ]);
    expect(server.reloads).toBe(1);
    expect(subjectOf(server.served.get(""))).toBe("DNS:mail.example.org");
    expect([...server.served.keys()]).toEqual(["", "two.example.net", "*.example.net"]);
    expect(result.certificates.map(({ deployed }) => deployed?.entries.map(({ entry }) => entry.host))).toEqual([
      ["mail.example.org"],
      ["two.example.net"],
      // The address is no name that clients send, and the other name is the first one's.
      ["mailcert-check.example.net"],
    ]);
    expect(result.certificates[1]?.deployed?.servers[0]).toMatchObject({
      reloaded: true,
      byName: true,
      certificates: 3,
    });
    expect(fake.world.store.read("wild")?.deployments["fake"]).toMatchObject({ byName: true });
    expect((await renew(world, all, renewal)).certificates.map(({ decision }) => decision.action)).toEqual([
      "nothing",
      "nothing",
      "nothing",
    ]);
    const again = await deployAll(world, all, options);
    expect(again.map(({ deployed }) => deployed?.servers[0]?.reloaded)).toEqual([false, false, false]);
    expect(server.reloads).toBe(1);
  });

  it("one that is renewed is one reload, and no line about settings", async () => {
    await renew(world, all, renewal);
    const before = journal();
    const old = { main: server.served.get(""), two: server.served.get("two.example.net") };
    await renew(world, [two], { ...renewal, force: true, newKey: true, named: true });
    expect(server.reloads).toBe(2);
    expect(server.served.get("")).toBe(old.main);
    expect(server.served.get("two.example.net")).not.toBe(old.two);
    expect(server.served.get("two.example.net")?.trim()).toBe((await leafOf("two.example.net")).trim());
    expect(journal().slice(before.length)).not.toContain("/etc/fake/names");
  });

  it("forty, one after the other: the log does not grow with the file", async () => {
    all = Array.from({ length: 40 }, (_, index) => named(`n${index}.example.org`));
    for (const one of all) {
      await issue(world, one);
      await deployAll(world, [one], options);
    }
    expect(server.served.size).toBe(40);
    const lines = journal()
      .split("\n")
      .map((line) => line.length);
    expect(Math.max(...lines)).toBeLessThan(600);
    const before = server.connections;
    await deployAll(world, all, options);
    expect(server.connections - before).toBe(80);
    expect(server.reloads).toBe(40);
  });

  it("the second does not become the default where the first cannot be issued; then the first comes", async () => {
    const refusing: World = {
      ...world,
      issuer: async (kind) => {
        const issuer = await world.issuer(kind);
        return {
          ...issuer,
          issue: async (request) => {
            if (request.names.includes("mail.example.org")) throw new Failure("unavailable", "the CA is away");
            return issuer.issue(request);
          },
        };
      },
    };
    const own = server.setting;
    const result = await renew(refusing, all, renewal);
    expect(result.certificates.map(({ deployed }) => deployed?.outcome)).toEqual([undefined, "verified", "verified"]);
    expect(server.setting).toBe(own);
    expect(server.served.has("two.example.net")).toBe(true);
    fake.clock.now = new Date("2026-11-22T12:00:00Z");
    const next = await renew(world, all, renewal);
    expect(next.outcome).toBe("done");
    expect(subjectOf(server.served.get(""))).toBe("DNS:mail.example.org");
  });

  it("a server that cannot do without a default waits for it", async () => {
    const { ownDefault: _can, ...rest } = server.adapter;
    const narrow: World = { ...world, servers: async () => ({ fake: rest }) };
    await issue(narrow, two);
    const [attempt] = await deployAll(narrow, [two, wild], options);
    expect(attempt?.failure).toMatchObject({ kind: "try-later" });
    expect(attempt?.failure?.message).toContain("fake gets mail.example.org first");
    expect(server.text).toBeUndefined();
    await issue(narrow, main);
    const both = await deployAll(narrow, [main, two], options);
    expect(both.map(({ deployed }) => deployed?.outcome)).toEqual(["verified", "verified"]);
  });

  it("a plan shows what the whole server would get", async () => {
    await renew(world, [main], renewal);
    expect((await planDeploy(world, two)).servers).toMatchObject([{ changes: ["write /etc/fake/names"] }]);
    expect(server.text).toBeUndefined();
  });
});

describe("one that breaks", () => {
  it("goes back alone, and the others stay", async () => {
    await renew(world, all, renewal);
    const old = server.served.get("two.example.net");
    server.breaks = ["two.example.net"];
    const breaking: World = {
      ...world,
      servers: async () => ({
        fake: {
          ...server.adapter,
          reload: async (installation) => {
            await server.adapter.reload(installation);
            server.breaks = [];
          },
        },
      }),
    };
    const result = await renew(breaking, all, { ...renewal, force: true });
    expect(result.certificates.map(({ deployed }) => [deployed?.outcome, deployed?.generation.number])).toEqual([
      ["verified", 2],
      ["rolled-back", 1],
      ["verified", 2],
    ]);
    // Once for all, once for the way back.
    expect(server.reloads).toBe(3);
    expect(server.served.get("two.example.net")).toBe(old);
    expect(stages()).toEqual(["verified", "verified", "verified"]);
  });

  it("the default, which breaks everything, goes first: the others are looked at again and stay", async () => {
    await renew(world, all, renewal);
    server.breaks = [""];
    const breaking: World = {
      ...world,
      servers: async () => ({
        fake: {
          ...server.adapter,
          reload: async (installation) => {
            await server.adapter.reload(installation);
            server.breaks = [];
          },
        },
      }),
    };
    const result = await renew(breaking, all, { ...renewal, force: true });
    expect(result.certificates.map(({ deployed }) => [deployed?.outcome, deployed?.generation.number])).toEqual([
      ["rolled-back", 1],
      ["verified", 2],
      ["verified", 2],
    ]);
  });

  it("at its first deployment is taken out of the shared file, which stays for the others", async () => {
    await renew(world, [main, wild], renewal);
    const text = server.text;
    server.breaks = ["two.example.net"];
    await issue(world, two);
    const [attempt] = await deployAll(world, [two], options);
    expect(attempt?.deployed?.outcome).toBe("rolled-back");
    expect(server.text).toBe(text);
    server.breaks = [];
    const later = await renew(world, all, { ...renewal, named: true });
    expect(later.outcome).toBe("done");
    expect(server.served.has("two.example.net")).toBe(true);
  });
});

describe("taking out", () => {
  it("one by name leaves the others; all of them leave nothing", async () => {
    const own = server.setting;
    await renew(world, all, renewal);
    const [removed] = await remove(world, ["two.example.net"], { dryRun: false });
    expect(removed).toMatchObject({ reloaded: ["fake"], findings: [] });
    // Its name is the next one's now, which has it as well.
    expect([...server.served.keys()]).toEqual(["", "*.example.net", "two.example.net"]);
    expect(subjectOf(server.served.get("two.example.net"))).toContain("DNS:*.example.net");
    await remove(world, [], { dryRun: false });
    expect([server.setting, server.text]).toEqual([own, undefined]);
  });

  it("what was taken out is deployed again by a person's deploy, alone or together", async () => {
    await renew(world, all, renewal);
    for (const deployed of [[main], all]) {
      await remove(world, [], { dryRun: false });
      const again = await deployAll(world, deployed, options);
      expect(again.map(({ deployed: done, failure }) => failure?.message ?? done?.outcome)).toEqual(
        deployed.map(() => "verified"),
      );
    }
    expect(subjectOf(server.served.get("two.example.net"))).toContain("two.example.net");
  });

  it("the default: the server's own comes back for everybody, the others stay", async () => {
    const own = server.setting;
    await renew(world, all, renewal);
    await remove(world, ["mail.example.org"], { dryRun: false });
    expect(server.setting).toBe(own);
    expect(server.text).toContain("two.example.net ");
    const later = await renew(world, all, { ...renewal, force: true });
    expect(later.outcome).toBe("done");
    expect(server.setting).toBe(own);
    await remove(world, [], { dryRun: false });
    expect([server.setting, server.text]).toEqual([own, undefined]);
  });

  it("needs no configuration that can be read", async () => {
    const own = server.setting;
    await renew(world, all, renewal);
    const unread: World = {
      ...world,
      config: { ...world.config, read: () => Promise.reject(new Failure("config", "broken")) },
    };
    await remove(unread, ["wild"], { dryRun: false });
    expect([...server.served.keys()]).toEqual(["", "two.example.net"]);
    await remove(unread, [], { dryRun: false });
    expect([server.setting, server.text]).toEqual([own, undefined]);
  });
});

describe("a run that is killed before any write", () => {
  it(
    "of three certificates: the next run completes, and removal restores what stood there",
    { timeout: 120_000 },
    async () => {
      const own = server.setting;
      const writes: string[] = [];
      const first = fakeWorld();
      first.hooks.beforeWrite = (what) => void writes.push(what);
      const saved = server;
      server = sniServer();
      await renew(worldOf(first), all, renewal);
      first.dispose();
      server = saved;
      expect(writes.length).toBeGreaterThan(20);
      for (let instant = 0; instant < writes.length; instant += 4) {
        const run = fakeWorld();
        server = sniServer();
        server.setting = own;
        let count = 0;
        let killed = false;
        run.hooks.beforeWrite = () => {
          killed = killed || count === instant;
          count += 1;
          if (killed) throw new Error("killed");
        };
        await renew(worldOf(run), all, renewal).catch(() => undefined);
        expect(killed).toBe(true);
        const next = run.again();
        const result = await renew(worldOf(next), all, { ...renewal, named: true });
        expect({ instant, outcome: result.outcome }).toEqual({ instant, outcome: "done" });
        expect([...server.served.keys()]).toEqual(["", "two.example.net", "*.example.net"]);
        await remove(worldOf(next), [], { dryRun: false });
        expect([server.setting, server.text]).toEqual([own, undefined]);
        next.dispose();
      }
    },
  );
});
