// The guard for DANE and MTA-STS: what stops, and what goes on. pinned-chain.test.ts has what a renewal with its key is held to.
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Dns, StsLookup } from "../../src/dns/dns.ts";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { Failure } from "../../src/domain/failure.ts";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import type { StsPolicy } from "../../src/domain/mta-sts.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";
import type { Listener } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { type SetupOptions, setup } from "../../src/usecases/setup.ts";
import type { World } from "../../src/usecases/world.ts";
import { noDns } from "../fakes/dns.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const name = "mail.example.org";
const owner = `_25._tcp.${name}`;
const options: DeployOptions = { replace: false, accept: async () => false };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };
const wish: SetupOptions = { ...options, dryRun: false, newKey: false, issuerGiven: false };

/** A zone by owner name, and the policies of mail domains. */
interface Zone {
  readonly tlsa: Map<string, readonly TlsaRecord[]>;
  readonly sts: Map<string, StsPolicy>;
  readonly asked: string[];
  /** What name servers say themselves, where it is not what the resolver says. */
  readonly servers: Map<string, readonly TlsaRecord[]>;
  secure: boolean;
  /** Seconds. */
  ttl: number;
  /** Nobody answers. */
  down: boolean;
}

const dnsOf = (zone: Zone): Dns => ({
  ...noDns,
  tlsaEverywhere: async (at) => {
    zone.asked.push(`everywhere ${at}`);
    const servers = zone.servers.size > 0 ? [...zone.servers] : [["ns", zone.tlsa.get(at) ?? []] as const];
    return servers.map(([server, records]) => ({ server, records, ttl: zone.ttl }));
  },
  tlsa: async (host, port) => {
    const at = `_${port}._tcp.${host}`;
    zone.asked.push(at);
    if (zone.down) return { kind: "unknown", why: "no name server can be reached" };
    const records = zone.tlsa.get(at);
    return records ? { kind: "found", owner: at, records, secure: zone.secure } : { kind: "none" };
  },
  mtaSts: async (domain): Promise<StsLookup> => {
    zone.asked.push(`_mta-sts.${domain}`);
    const policy = zone.sts.get(domain);
    return policy ? { kind: "found", policy } : { kind: "none" };
  },
});

let fake: FakeWorld;
let zone: Zone;
let world: World;
beforeEach(() => {
  fake = fakeWorld();
  zone = { tlsa: new Map(), sts: new Map(), asked: [], servers: new Map(), secure: true, ttl: 0, down: false };
  world = { ...fake.world, dns: async () => dnsOf(zone) };
});
afterEach(() => fake.dispose());

const hash = (data: string | Uint8Array, algorithm = "sha256"): string =>
  createHash(algorithm).update(data).digest("hex");
const record = (usage: number, selector: number, data: string, matchingType = 1): TlsaRecord => ({
  usage,
  selector,
  matchingType,
  data,
});
const foreign = record(3, 1, hash("another key"));

const refusal = async (job: Promise<unknown>): Promise<Failure> => {
  const error = await job.then(
    () => new Error("it went on"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw error;
  expect(error.kind).toBe("config");
  return error;
};

const lineIn = (failure: Failure): string => {
  const line = /IN TLSA (\d \d \d [0-9a-f]+)$/m.exec(failure.hints.join("\n"))?.[1];
  if (line === undefined) throw new Error(`no record in ${failure.hints.join("\n")}`);
  return line;
};
const asRecord = (line: string): TlsaRecord => {
  const [usage, selector, matchingType, data = ""] = line.split(" ");
  return record(Number(usage), Number(selector), data, Number(matchingType));
};

const liveSpki = async (): Promise<string> => {
  const number = world.store.liveNumber(name);
  if (number === undefined) throw new Error("nothing is live");
  const slot = (await world.store.readGeneration(name, number)).ecdsa;
  return hash(publicKeyOf(slot?.privateKey ?? ""));
};

/** A world whose one server has these listeners. */
const listening = (...listeners: readonly Partial<Listener>[]): World => ({
  ...world,
  servers: async () => {
    const { fake: server } = await world.servers();
    const full: readonly Listener[] = listeners.map((one) => ({
      protocol: "smtp",
      mode: "starttls",
      port: 25,
      address: "127.0.0.1",
      service: "smtp/inet",
      ...one,
    }));
    return server ? { fake: { ...server, listeners: async () => full } } : {};
  },
});

describe("every name server of the zone", () => {
  it("one that still has the old records alone holds the key back, by name; one that has none, or says nothing, does not", async () => {
    zone.tlsa.set(owner, [foreign]);
    const published = asRecord(lineIn(await refusal(setup(world, certificate(), wish))));
    zone.tlsa.set(owner, [foreign, published]);
    zone.servers.set("ns1.example.org (192.0.2.1)", [foreign, published]);
    zone.servers.set("ns2.example.org (192.0.2.2)", [foreign]);
    const failure = await refusal(setup(world, certificate(), wish));
    expect(failure.message).toBe(
      `mail servers that check DANE would hold back their mail for ${name} (port 25): the name server ns2.example.org (192.0.2.2) still has TLSA records at ${owner} that are not for the key that would be served (3 1 1 ${foreign.data})`,
    );
    expect(failure.hints[0]).toContain("until every name server of the zone has the new record");
    expect(failure.facts).toEqual({ code: "DANE", lagging: ["ns2.example.org (192.0.2.2)"], owner });
    zone.servers.set("ns2.example.org (192.0.2.2)", []);
    expect((await setup(world, certificate(), wish)).deployed?.outcome).toBe("verified");
  });

  it("nobody is asked where no secure record stands", async () => {
    zone.secure = false;
    zone.tlsa.set(owner, [foreign]);
    await setup(world, certificate(), wish);
    expect(zone.asked.filter((one) => one.startsWith("everywhere"))).toEqual([]);
  });
});

describe("a first certificate", () => {
  it("stops where a secure TLSA record is for another key, says what to publish, and goes on once it is there", async () => {
    zone.tlsa.set(owner, [foreign]);
    const failure = await refusal(setup(world, certificate(), wish));
    expect(failure.message).toContain(`${name} (port 25)`);
    expect(failure.message).toContain(`published: 3 1 1 ${foreign.data}`);
    expect(failure.hints[0]).toBe(`publish, beside what is there: ${owner}. IN TLSA ${lineIn(failure)}`);
    expect(failure.hints.at(-1)).toBe("or go on all the same: add --replace");
    expect(failure.facts).toMatchObject({ code: "DANE", publish: [`${owner}. IN TLSA ${lineIn(failure)}`] });
    expect(world.store.read(name)).toMatchObject({ generations: [], attempts: 0 });
    expect(fake.server).toMatchObject({ setting: undefined, reloads: 0 });
    // The same key is offered again, also by the next run.
    const again = { ...fake.again().world, dns: world.dns };
    expect(lineIn(await refusal(setup(again, certificate(), wish)))).toBe(lineIn(failure));
    zone.tlsa.set(owner, [foreign, asRecord(lineIn(failure))]);
    expect((await setup(again, certificate(), wish)).deployed?.outcome).toBe("verified");
    expect(await liveSpki()).toBe(asRecord(lineIn(failure)).data);
  });

  it("tells it of another port too", async () => {
    zone.tlsa.set(`_993._tcp.${name}`, [foreign]);
    expect((await refusal(issue(world, certificate()))).message).toContain(`would refuse ${name} on port 993`);
  });

  it("goes on with --replace, where records are not secure, unusable, or none, and where nobody could say", async () => {
    zone.tlsa.set(owner, [foreign]);
    expect((await setup(world, certificate(), { ...wish, replace: true })).deployed?.outcome).toBe("verified");
    for (const change of [
      () => (zone.secure = false),
      () => zone.tlsa.set(owner, [{ ...foreign, usage: 1 }]),
      () => zone.tlsa.delete(owner),
    ]) {
      const next = fakeWorld();
      zone.secure = true;
      zone.tlsa.set(owner, [foreign]);
      change();
      const result = await setup({ ...next.world, dns: world.dns }, certificate(), wish);
      expect(result.deployed?.outcome).toBe("verified");
      next.dispose();
    }
    const none = fakeWorld();
    expect((await setup(none.world, certificate(), wish)).deployed?.outcome).toBe("verified");
    expect(none.steps.join("\n")).toContain("going on without all of DNS: no name server can be reached");
    none.dispose();
  });

  it("says so in a dry run, and makes no key for it", async () => {
    zone.tlsa.set(owner, [foreign]);
    const failure = await refusal(setup(world, certificate(), { ...wish, dryRun: true }));
    expect(failure.hints.join("\n")).toContain("without --dry-run");
    expect(world.store.read(name)).toBeUndefined();
  });

  it("judges each of two keys", async () => {
    zone.tlsa.set(owner, [foreign]);
    const both = certificate({ keys: ["ecdsa", "rsa"] });
    const first = await refusal(issue(world, both));
    const lines = first.hints.filter((hint) => hint.startsWith("publish"));
    expect(lines).toHaveLength(2);
    const [one = "", other = ""] = lines.map((line) => /IN TLSA (.*)$/.exec(line)?.[1] ?? "");
    zone.tlsa.set(owner, [foreign, asRecord(one)]);
    expect((await refusal(issue(world, both))).hints.filter((hint) => hint.startsWith("publish"))).toEqual([lines[1]]);
    zone.tlsa.set(owner, [foreign, asRecord(one), asRecord(other)]);
    expect((await issue(world, both)).generation.number).toBe(1);
  });

  it("judges a pinned CA by the chain that was issued, before it is staged", async () => {
    zone.tlsa.set(owner, [record(2, 1, hash("another CA"))]);
    const failure = await refusal(issue(world, certificate()));
    expect(failure.message).toContain("not for the chain that would be served");
    expect(world.store.read(name)).toMatchObject({ generations: [], attempts: 1 });
    zone.tlsa.set(owner, [record(2, 1, hash("another CA")), asRecord(lineIn(failure))]);
    expect((await issue(world, certificate())).generation.number).toBe(1);
  });

  it("asks for names and ports that can have records, and for 25 unless somebody else serves it", async () => {
    const asked = async (one: World, over: Partial<CertificateConfig> = {}): Promise<readonly string[]> => {
      zone.asked.length = 0;
      await issue(one, certificate(over));
      return [...new Set(zone.asked)].sort();
    };
    const sts = ["_mta-sts.example.org", `_mta-sts.${name}`];
    expect(await asked(world)).toEqual([owner, `_993._tcp.${name}`, ...sts].sort());
    const submission = { protocol: "submission", port: 587 } as const;
    expect(await asked(listening({}, submission))).toEqual([owner, `_587._tcp.${name}`, ...sts].sort());
    expect(await asked(listening({ ownCertificate: "main.cf" }, submission))).toEqual([`_587._tcp.${name}`]);
    expect(await asked(listening(submission, { protocol: "lmtp", port: 24 }), { servers: ["fake"] })).toEqual([
      `_587._tcp.${name}`,
    ]);
    expect(await asked(world, { servers: [] })).toEqual([owner, ...sts].sort());
    expect(await asked(world, { names: ["*.example.org", "192.0.2.1"] })).toEqual([]);
  });
});

describe("a renewal", () => {
  const nobody: World["dns"] = () => {
    throw new Error("DNS was asked");
  };

  beforeEach(async () => {
    expect((await setup(world, certificate(), wish)).deployed?.outcome).toBe("verified");
  });

  it("with nothing due asks nobody, nor does one with its key before it is issued", async () => {
    const silent = { ...world, dns: nobody };
    expect((await renew(silent, [certificate()], renewal)).certificates[0]?.decision.action).toBe("nothing");
    const spki = await liveSpki();
    expect((await issue(silent, certificate())).generation.number).toBe(2);
    zone.asked.length = 0;
    expect((await renew(world, [certificate()], renewal)).outcome).toBe("done");
    expect(zone.asked).toEqual([owner, `_993._tcp.${name}`]);
    expect(await liveSpki()).toBe(spki);
  });

  it("with a new key stops while the record lacks it; the present key stays, and later renewals are not held up", async () => {
    const spki = await liveSpki();
    zone.tlsa.set(owner, [record(3, 1, spki)]);
    const stopped = await renew(world, [certificate()], { ...renewal, force: true, newKey: true });
    const failure = stopped.certificates[0]?.failure;
    expect(stopped.outcome).toBe("fault");
    expect(failure?.hints).toContain(`or stay with the present key: mailcert renew --force ${name}`);
    expect(failure?.hints.at(-1)).toContain(`mailcert setup ${name} --new-key --replace`);
    expect(world.store.read(name)).toMatchObject({ target: 1, stage: "verified", attempts: 0 });
    expect((await renew(world, [certificate()], { ...renewal, force: true })).outcome).toBe("done");
    expect(await liveSpki()).toBe(spki);
    const line = lineIn(failure ?? new Failure("data", "none"));
    zone.tlsa.set(owner, [record(3, 1, spki), asRecord(line)]);
    expect((await renew(world, [certificate()], { ...renewal, force: true, newKey: true })).outcome).toBe("done");
    expect(await liveSpki()).toBe(asRecord(line).data);
  });

  it("of a staged generation with a new key is not switched to; the next one takes the live key", async () => {
    const spki = await liveSpki();
    await issue(world, certificate(), { newKey: true });
    zone.tlsa.set(owner, [record(3, 1, spki)]);
    const stopped = await renew(world, [certificate()], renewal);
    expect(stopped.certificates[0]).toMatchObject({ decision: { action: "deploy" }, failure: { kind: "config" } });
    expect(stopped.certificates[0]?.failure?.hints.join("\n")).toContain(`run: mailcert deploy ${name}`);
    expect(world.store.liveNumber(name)).toBe(1);
    await refusal(deploy(world, certificate(), options));
    expect((await renew(world, [certificate()], { ...renewal, force: true })).outcome).toBe("done");
    expect(await liveSpki()).toBe(spki);
    expect(world.store.liveNumber(name)).toBe(3);
  });

  it("taken back by hand is held back, too: nothing is written, unless a person says so twice", async () => {
    const first = await liveSpki();
    await renew(world, [certificate()], { ...renewal, force: true, newKey: true });
    const second = await liveSpki();
    zone.tlsa.set(owner, [record(3, 1, second)]);
    const before = world.store.read(name);
    const failure = await refusal(rollback(world, certificate(), options));
    expect(failure.hints.at(-1)).toContain(`mailcert rollback --replace ${name}`);
    expect(world.store.read(name)).toEqual(before);
    expect(await liveSpki()).toBe(second);
    expect((await rollback(world, certificate(), { ...options, replace: true })).outcome).toBe("verified");
    expect(await liveSpki()).toBe(first);
  });

  it("that a killed run has switched already is finished", async () => {
    await issue(world, certificate(), { newKey: true });
    fake.hooks.beforeWrite = (what) => {
      if (what === "state reloaded") throw new Error("killed");
    };
    await expect(deploy(world, certificate(), options)).rejects.toThrow("killed");
    fake.hooks.beforeWrite = () => undefined;
    zone.tlsa.set(owner, [foreign]);
    expect((await renew(world, [certificate()], renewal)).certificates[0]?.deployed?.outcome).toBe("verified");
  });

  it("with a further name asks for that name alone", async () => {
    zone.tlsa.set(owner, [foreign]);
    zone.tlsa.set("_25._tcp.mx.example.org", [foreign]);
    zone.asked.length = 0;
    const more = certificate({ names: [name, "mx.example.org"] });
    expect((await refusal(issue(world, more))).message).toContain("mx.example.org (port 25)");
    expect(zone.asked.filter((one) => one.includes(name))).toEqual([]);
  });
});

describe("MTA-STS", () => {
  const enforce: StsPolicy = { mode: "enforce", mx: ["*.example.org"], maxAge: 604_800 };

  it("stops a certificate of no public CA where the policy says enforce, whatever the key", async () => {
    zone.sts.set("example.org", enforce);
    const failure = await refusal(setup(world, certificate(), wish));
    expect(failure.message).toContain('the MTA-STS policy of example.org says "enforce" and lists mail.example.org');
    expect(failure.hints.join("\n")).toContain("604800 s");
    expect(failure.hints.at(-1)).toBe("or go on all the same: add --replace");
    expect(world.store.read(name)?.generations).toEqual([]);
    expect((await setup(world, certificate(), { ...wish, replace: true })).deployed?.outcome).toBe("verified");
    // What is served already by the same issuer is renewed without a question.
    expect((await renew(world, [certificate()], { ...renewal, force: true })).outcome).toBe("done");
  });

  it("goes on where it only tests, lists others, or port 25 is not concerned", async () => {
    zone.sts.set("example.org", { ...enforce, mode: "testing" });
    expect((await issue(world, certificate())).generation.number).toBe(1);
    zone.sts.set("example.org", { ...enforce, mx: ["mx.example.net"] });
    expect((await issue(world, certificate())).generation.number).toBe(2);
    zone.sts.set("example.org", enforce);
    const elsewhere = listening({ protocol: "imap", port: 143 }, { ownCertificate: "main.cf" });
    expect((await issue(elsewhere, certificate())).generation.number).toBe(3);
  });
});
