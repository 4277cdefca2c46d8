// A renewal that keeps its key, where TLSA records pin more than the key: what is held back, until when, and what is not.
import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerTlsa, TlsaLookup } from "../../src/dns/dns.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";
import { ownKeyOf } from "../../src/domain/subject-key.ts";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import { generateKey } from "../../src/system/keys.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { makeLeaf } from "../../src/x509/leaf.ts";
import { makeRoot } from "../../src/x509/root.ts";
import { validityOf } from "../../src/x509/validity.ts";
import { noDns } from "../fakes/dns.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

const name = "mail.example.org";
const random = (size: number): Uint8Array => randomBytes(size);
const owner = `_25._tcp.${name}`;
let fake: FakeWorld;
let world: World;
let records: readonly TlsaRecord[];
let secure: boolean;
let elsewhere: readonly ServerTlsa[];
/** Seconds. */
let ttl: number;
let asked: string[];
/** What the issuer signs with from now on. */
let above: { readonly certificate: string; readonly privateKey: string } | undefined;

beforeEach(async () => {
  fake = fakeWorld();
  [records, secure, elsewhere, asked, above, ttl] = [[], true, [], [], undefined, 0];
  const signer = createSelfSigned({ random });
  const dns = {
    ...noDns,
    tlsa: async (_host: string, port: number): Promise<TlsaLookup> => {
      asked.push(`_${port}`);
      return port === 25 && records.length > 0 ? { kind: "found", owner, records, secure } : { kind: "none" };
    },
    tlsaEverywhere: async () => (elsewhere.length > 0 ? elsewhere : [{ server: "ns", records, ttl }]),
  };
  world = {
    ...fake.world,
    issuer: async () => ({
      ...signer,
      issue: async (request) => {
        if (above === undefined) return signer.issue(request as never);
        const { names, now } = request;
        const valid = validityOf(now, 90);
        const privateKey = ownKeyOf(request, "ca");
        const leaf = await makeLeaf({ privateKey, names, commonName: name, ...valid, issuer: above, random });
        return { leaf, chain: [above.certificate] };
      },
    }),
    dns: async () => dns,
  };
});
afterEach(() => fake.dispose());

const run = (over: Partial<RenewOptions> = {}) => renew(world, [certificate()], { ...options, ...over });
const live = (): number | undefined => world.store.liveNumber(name);
const digest = (data: Uint8Array, algorithm = "sha256"): string => createHash(algorithm).update(data).digest("hex");
const record = (usage: number, selector: number, data: string, matchingType = 1): TlsaRecord => ({
  usage,
  selector,
  matchingType,
  data,
});
const served = async () => {
  const { leaf = "", chain = [] } = (await world.store.readCertificates(name, live() ?? 0)).ecdsa ?? {};
  return { leaf: readCertificate(leaf), chain: chain.map((pem) => readCertificate(pem)) };
};
const authority = async (): Promise<NonNullable<typeof above>> => {
  const privateKey = await generateKey("ecdsa");
  const parameters = { ...validityOf(new Date("2026-11-01T00:00:00Z"), 3650), constraints: undefined, random };
  const subject = (keyId: string) => ({ commonName: `Authority ${keyId}` });
  return { privateKey, certificate: await makeRoot({ privateKey, subject, ...parameters }) };
};
const heldBack = async (): Promise<{ readonly message: string; readonly hints: readonly string[] }> => {
  const { outcome, certificates } = await run({ force: true });
  const failure = certificates[0]?.failure;
  expect([outcome, failure?.kind]).toEqual(["fault", "config"]);
  return failure ?? { message: "", hints: [] };
};
const lineIn = (hints: readonly string[]): string =>
  /IN TLSA 3 1 1 ([0-9a-f]+)$/.exec(hints.find((hint) => hint.includes("for the key, which stays")) ?? "")?.[1] ?? "";

describe("a renewal with its key is staged, and not served", () => {
  beforeEach(async () => {
    above = await authority();
    await run();
  });

  it("where the whole leaf is pinned (3 0 1), until a record for the key stands; the timer's next run then serves it", async () => {
    const { leaf } = await served();
    records = [record(3, 0, leaf.sha256)];
    const { message, hints } = await heldBack();
    expect(message).toBe(
      `mail servers that check DANE would hold back their mail for ${name} (port 25): the DNSSEC-signed TLSA records at ${owner} are not for the certificate that would be served; published: 3 0 1 ${leaf.sha256}`,
    );
    expect(hints.join("\n")).not.toContain("preferred_chain");
    expect(hints.at(-1)).toBe(`or go on all the same: mailcert deploy --replace ${name}`);
    expect(live()).toBe(1);
    expect(world.store.read(name)).toMatchObject({ target: 2, stage: "staged", attempts: 1 });
    expect(fake.server.served).toContain(leaf.pem.trim());
    const [shown] = (await status(world, [name])).certificates;
    expect(JSON.stringify(shown)).toContain("are not for the certificate");
    // Nothing is ordered again meanwhile.
    const waiting = await run();
    expect(waiting.certificates[0]).toMatchObject({ decision: { action: "deploy" }, failure: { kind: "config" } });
    records = [...records, record(3, 1, lineIn(hints))];
    expect((await run()).outcome).toBe("done");
    expect([live(), (await served()).leaf.spkiSha256]).toEqual([2, lineIn(hints)]);
  });

  it.each<[string, (ca: { readonly der: Buffer; readonly spkiSha256: string }) => TlsaRecord]>([
    ["its key (2 1 1)", ({ spkiSha256 }) => record(2, 1, spkiSha256)],
    ["its certificate (2 0 2)", ({ der }) => record(2, 0, digest(der, "sha512"), 2)],
    ["all of it (2 0 0)", ({ der }) => record(2, 0, der.toString("hex"), 0)],
  ])("where the CA is pinned by %s, and another one signed", async (_what, pinned) => {
    const [ca] = (await served()).chain;
    if (ca === undefined) throw new Error("no chain is served");
    records = [pinned(ca)];
    expect((await run({ force: true })).outcome).toBe("done");
    expect(live()).toBe(2);
    const old = above;
    above = await authority();
    const { hints } = await heldBack();
    expect([live(), lineIn(hints).length]).toEqual([2, 64]);
    // The CA signs as before again.
    above = old;
    expect((await run({ force: true })).outcome).toBe("done");
    expect(live()).toBe(4);
  });

  it("until a record for its key has been there for two TTLs, which silence does not stretch", async () => {
    const { leaf } = await served();
    records = [record(3, 0, leaf.sha256)];
    ttl = 600;
    const { hints } = await heldBack();
    const own = record(3, 1, lineIn(hints));
    records = [...records, own];
    const early = await run();
    expect([early.outcome, early.certificates[0]?.failure?.kind]).toEqual(["waiting", "try-later"]);
    expect((await status(world, [])).certificates[0]?.held).toMatchObject({
      certificate: true,
      until: new Date(fake.clock.now.getTime() + 1_200_000).toISOString(),
    });
    expect(live()).toBe(1);
    fake.clock.now = new Date(fake.clock.now.getTime() + 1_200_000);
    expect((await run({ named: true })).outcome).toBe("done");
    expect(live()).toBe(2);
    expect(world.store.read(name)?.dane).not.toHaveProperty("held");
  });

  it("where one name server still has the old record alone", async () => {
    const { leaf } = await served();
    records = [record(3, 1, leaf.spkiSha256)];
    elsewhere = [{ server: "ns2.example.org (192.0.2.2)", records: [record(3, 0, leaf.sha256)], ttl: 0 }];
    expect((await heldBack()).message).toContain("ns2.example.org (192.0.2.2) still has TLSA records");
    expect(live()).toBe(1);
    elsewhere = [];
    expect((await run()).outcome).toBe("done");
  });

  it("nor is the one before taken back by hand; a person may say so twice", async () => {
    await run({ force: true });
    records = [record(3, 0, (await served()).leaf.sha256)];
    await expect(rollback(world, certificate(), options)).rejects.toThrow("not for the certificate");
    expect(live()).toBe(2);
    expect((await rollback(world, certificate(), { ...options, replace: true })).outcome).toBe("verified");
  });

  it("unless a person says so", async () => {
    records = [record(3, 0, (await served()).leaf.sha256)];
    await heldBack();
    expect((await deploy(world, certificate(), { ...options, replace: true })).outcome).toBe("verified");
    expect(live()).toBe(2);
  });
});

describe("a renewal with its key is served", () => {
  beforeEach(async () => {
    above = await authority();
    await run();
  });

  it.each<[string, (leaf: { readonly sha256: string; readonly spkiSha256: string }) => readonly TlsaRecord[]]>([
    ["one of the records is for the key", (leaf) => [record(3, 0, leaf.sha256), record(3, 1, leaf.spkiSha256)]],
    ["none fits what is served now, either", () => [record(3, 0, "ab".repeat(32)), record(2, 1, "cd".repeat(32))]],
    ["none can be used by a mail sender", (leaf) => [record(1, 0, leaf.sha256), record(3, 0, "abcd")]],
  ])("where %s", async (_what, published) => {
    records = published((await served()).leaf);
    expect((await run({ force: true })).outcome).toBe("done");
    expect(live()).toBe(2);
  });

  it("where the records are not signed, or nobody can say", async () => {
    records = [record(3, 0, (await served()).leaf.sha256)];
    secure = false;
    expect((await run({ force: true })).outcome).toBe("done");
    [secure, records] = [true, [record(3, 0, (await served()).leaf.sha256)]];
    world = { ...world, dns: async () => noDns };
    expect((await run({ force: true })).outcome).toBe("done");
    expect(live()).toBe(3);
  });

  it("where the one before cannot be read any more: this is its repair", async () => {
    records = [record(3, 0, (await served()).leaf.sha256)];
    const { store: real } = world;
    const store: World["store"] = {
      ...real,
      readCertificates: async (of, number) => (number === 1 ? {} : real.readCertificates(of, number)),
    };
    world = { ...world, store };
    expect((await run({ force: true })).outcome).toBe("done");
  });

  it("nobody is asked before there is another chain", async () => {
    asked.length = 0;
    await issue(world, certificate());
    expect(asked).toEqual([]);
    await run();
    expect(asked).toContain("_25");
  });
});
