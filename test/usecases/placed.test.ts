// Certificates by address through whole runs: a host that stands by, one that is held back, many by name beside one by address.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { usualPorts } from "../../src/domain/usual-ports.ts";
import { deploymentText } from "../../src/reports/deployment.ts";
import { deploy, deployTogether } from "../../src/usecases/deploy.ts";
import type { DeployEnd, DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { configuredTargets } from "../../src/usecases/verify-configured.ts";
import type { World } from "../../src/usecases/world.ts";
import { type PlacedServer, imaps, placedServer } from "../fakes/placed-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: DeployOptions = { replace: false, accept: async () => false };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };
const [usual, vip] = ["192.0.2.10", "192.0.2.11"] as const;

const named = (name: string, over: Partial<CertificateConfig> = {}): CertificateConfig =>
  certificate({ name, names: [name], ...over });
const main = named("mail.example.org");
const own = named("own.example.org", { places: { addresses: [vip] } });

let fake: FakeWorld;
let server: PlacedServer;
let all: readonly CertificateConfig[];
let world: World;
beforeEach(() => {
  fake = fakeWorld();
  server = placedServer();
  all = [main, own];
  world = server.in({ ...fake.world, config: { ...fake.world.config, read: async () => ({ certificates: all }) } });
});
afterEach(() => fake.dispose());

const seen = (end: DeployEnd | undefined): readonly string[] => {
  if (!end || !("result" in end)) throw new Error("not deployed");
  return end.result.entries.map(({ entry, verdict }) => `${entry.address} ${verdict}`);
};
const addressesOf = (host: string): readonly string[] => [
  ...new Set(server.connected.flatMap((one) => (one.startsWith(`${host} `) ? (one.split(" ")[1] ?? []) : []))),
];

describe("a host that stands by", () => {
  it("renews and puts in place what is for an address that the other machine has now, and never asks there", async () => {
    server.local = ["127.0.0.1", usual];
    const first = await renew(world, all, renewal);
    expect(first.certificates.map(({ failure, deployed }) => failure?.message ?? deployed?.outcome)).toEqual([
      "verified",
      "verified",
    ]);
    expect(server.settings.get(`at ${vip}`)).toContain("/own.example.org/live/");
    const { deployed } = first.certificates[1] ?? {};
    expect(deployed?.entries.map(({ verdict, message }) => [verdict, message])).toEqual([
      ["unobservable", `this host does not have the address ${vip} now`],
      ["unobservable", `this host does not have the address ${vip} now`],
    ]);
    expect(deployed?.findings.map(({ severity, check }) => `${severity} ${check}`)).toEqual([
      "warning deploy-place",
      "info deploy-unobservable",
    ]);
    if (!deployed) throw new Error("not deployed");
    expect(deploymentText(deployed, fake.clock.now)).toMatch(
      /^own\.example\.org: in place; none of its entry points can be looked at from here\n/,
    );
    fake.clock.now = new Date("2027-12-25T00:00:00Z");
    const late = await renew(world, all, renewal);
    expect(late.certificates.map(({ failure, issued }) => failure?.message ?? issued?.generation.number)).toEqual([
      2, 2,
    ]);
    expect(fake.world.store.liveNumber(own.name)).toBe(2);
    expect(server.connected.filter((one) => one.includes(vip))).toEqual([]);

    // It takes over.
    const reloads = server.reloads;
    server.local = ["127.0.0.1", usual, vip];
    expect(seen((await deployTogether(world, all, options)).get(own.name))).toEqual([`${vip} proven`, `${vip} proven`]);
    expect(server.reloads).toBe(reloads);
  });

  it("a listener that is bound to that address is not asked there either, whosever it is", async () => {
    server.local = ["127.0.0.1", usual];
    server.listeners = [
      { ...imaps, address: usual },
      { ...imaps, address: vip },
    ];
    all = [main];
    await issue(world, main);
    const result = await deploy(world, main, options);
    expect([result.outcome, ...result.entries.map(({ entry, verdict }) => `${entry.address} ${verdict}`)]).toEqual([
      "verified",
      `${usual} proven`,
      `${vip} unobservable`,
    ]);
    expect(deploymentText(result, fake.clock.now)).toContain(
      "served and proven at every entry point that can be looked at from here",
    );
    const { wanted, notes } = await configuredTargets(world, all, [], usualPorts);
    expect(wanted.filter(({ address }) => address === vip)).toEqual([]);
    expect(notes.map(({ message }) => message)).toEqual([
      `fake imaps on port 993 cannot be looked at from here: this host does not have the address ${vip} now`,
    ]);
  });
});

describe("a certificate by address that is issued and not served yet", () => {
  it("leaves its entry points to the others, whose certificate is proven there", async () => {
    for (const one of all) await issue(world, one);
    const ends = await deployTogether(world, [main], options);
    expect(seen(ends.get(main.name))).toContain(`${vip} proven`);
    const { wanted } = await configuredTargets(world, all, [], usualPorts);
    const asked = (host: string) =>
      wanted.flatMap((one) => (one.host === host && one.port === 993 ? [one.address] : []));
    expect(asked(main.name)).toContain(vip);
    expect(asked(own.name)).toEqual([]);
  });

  it("also where the same run holds it back", async () => {
    for (const one of all) await issue(world, one);
    const { store } = world;
    const holding: World = {
      ...world,
      store: {
        ...store,
        switchLive: async (name, number) => {
          if (name === own.name) throw new Failure("config", "held back");
          await store.switchLive(name, number);
        },
      },
    };
    const ends = await deployTogether(holding, all, options);
    expect(ends.get(own.name)).toMatchObject({ error: { message: "held back" } });
    expect(seen(ends.get(main.name))).toContain(`${vip} proven`);
    // Then it comes.
    const after = await deployTogether(world, all, options);
    expect(seen(after.get(own.name))).toEqual([`${vip} proven`, `${vip} proven`]);
    expect(seen(after.get(main.name)).filter((one) => one.startsWith(vip))).toEqual([]);
  });

  it("one that is served keeps them while its renewal waits", async () => {
    await renew(world, all, renewal);
    await issue(world, own);
    expect(world.store.read(own.name)?.stage).toBe("staged");
    expect(seen((await deployTogether(world, [main], options)).get(main.name)).join()).not.toContain(vip);
  });
});

describe("many certificates by name beside one by address", () => {
  const many = Array.from({ length: 9 }, (_, index) => named(`n${index}.example.net`));

  it("where names stand apart for each address, each is asked at each; a block that is missing is seen", async () => {
    server.namesLeave = true;
    all = [main, own, ...many];
    await renew(world, all, renewal);
    expect(addressesOf("n8.example.net")).toEqual([usual, "127.0.0.1"]);
    server.wrongAt.add(usual);
    const ends = await deployTogether(world, all, options);
    expect(seen(ends.get("n8.example.net"))).toContain(`${usual} stale`);
  });

  it("elsewhere at one address, which is one that other machines connect to", async () => {
    all = [main, own, ...many];
    await renew(world, all, renewal);
    expect(addressesOf("n8.example.net")).toEqual([usual]);
  });
});
