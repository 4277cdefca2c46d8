// TLSA matching: usages, selectors, digests, digest agility, what is known before issuing; OpenSSL's own DANE code as the judge.
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type Server, createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import { type TlsaRecord, matchTlsa, tlsaFor, tlsaLine, tlsaOwner, tlsaText } from "../../src/domain/tlsa.ts";
import { type Issued, type Pki, issue, makePki, served } from "../fakes/pki.ts";
import { openssl } from "../issuers/openssl.ts";

const name = "mail.example.org";
let pki: Pki;
let stranger: Issued;
let twin: Issued;
let port: number;
const servers: Server[] = [];

const serve = async (...chain: readonly Issued[]): Promise<number> => {
  const server = createServer(served(pki.leaf, ...chain), (socket) => socket.end());
  servers.push(server);
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

/** OpenSSL's verdict on what is served at a port, by these records alone. */
const acceptedByOpenssl = async (at: number, records: readonly TlsaRecord[]): Promise<boolean> => {
  const args = records.flatMap((one) => ["-dane_tlsa_rrdata", tlsaText(one)]);
  const trust = ["-no-CAfile", "-no-CApath", "-no-CAstore", "-verify_return_error", "-dane_tlsa_domain", name];
  const { output } = await openssl(["s_client", "-connect", `127.0.0.1:${at}`, "-servername", name, ...trust, ...args]);
  return output.includes("Verification: OK");
};

beforeAll(async () => {
  pki = await makePki(name);
  stranger = await issue({ subject: "CN=Stranger", ca: true });
  // The intermediate's name and nothing else of it.
  twin = await issue({ subject: "CN=Test Intermediate", ca: true });
  // As a private CA serves it: the root is in the chain.
  port = await serve(pki.intermediate, pki.root);
});
afterAll(() => servers.forEach((server) => server.close()));

const hash = (algorithm: string, data: Uint8Array): string => createHash(algorithm).update(data).digest("hex");
const spkiOf = (one: Issued): Buffer => publicKeyOf(one.privateKey);

/** `3 1 1` of a certificate, in numbers. */
const record = (numbers: string, one: Issued): TlsaRecord => {
  const [usage = 0, selector = 0, matchingType = 0] = numbers.split(" ").map(Number);
  const content = selector === 0 ? one.der : spkiOf(one);
  const data =
    matchingType === 0 ? Buffer.from(content).toString("hex") : hash(matchingType === 1 ? "sha256" : "sha512", content);
  return { usage, selector, matchingType, data };
};

const offer = () => ({
  spki: spkiOf(pki.leaf),
  chain: [pki.leaf, pki.intermediate, pki.root].map(({ der }) => der),
});

const sets: readonly (readonly [string, "match" | "mismatch", () => readonly TlsaRecord[]])[] = [
  ["3 1 1 of the leaf", "match", () => [record("3 1 1", pki.leaf)]],
  ["3 1 2 of the leaf", "match", () => [record("3 1 2", pki.leaf)]],
  ["3 1 0 of the leaf", "match", () => [record("3 1 0", pki.leaf)]],
  ["3 0 1 of the leaf", "match", () => [record("3 0 1", pki.leaf)]],
  ["3 0 0 of the leaf", "match", () => [record("3 0 0", pki.leaf)]],
  ["3 1 1 of an issuer", "mismatch", () => [record("3 1 1", pki.intermediate)]],
  ["2 1 1 of the intermediate", "match", () => [record("2 1 1", pki.intermediate)]],
  ["2 1 1 of the root that is served", "match", () => [record("2 1 1", pki.root)]],
  ["2 0 1 of the root that is served", "match", () => [record("2 0 1", pki.root)]],
  ["2 1 1 of the leaf", "mismatch", () => [record("2 1 1", pki.leaf)]],
  ["old and new 3 1 1", "match", () => [record("3 1 1", pki.root), record("3 1 1", pki.leaf)]],
  ["another 3 1 1 beside a right 2 1 1", "match", () => [record("3 1 1", pki.root), record("2 1 1", pki.intermediate)]],
  ["a right SHA-256 beside another SHA-512", "mismatch", () => [record("3 1 1", pki.leaf), record("3 1 2", pki.root)]],
  ["a right SHA-512 beside another SHA-256", "match", () => [record("3 1 2", pki.leaf), record("3 1 1", pki.root)]],
  [
    "a right SHA-256 beside another SHA-512 of another selector",
    "match",
    () => [record("3 1 1", pki.leaf), record("3 0 2", pki.root)],
  ],
];

describe("a chain against TLSA records", () => {
  it.each(sets)("%s: %s, and OpenSSL says so too", async (_what, expected, records) => {
    expect(matchTlsa(records(), offer())).toBe(expected);
    expect(await acceptedByOpenssl(port, records())).toBe(expected === "match");
  });

  const ways: readonly (readonly [string, "match" | "mismatch", () => readonly Issued[], () => Issued])[] = [
    ["an anchor that signed nothing here", "mismatch", () => [pki.intermediate, stranger], () => stranger],
    ["one that has but the issuer's name", "mismatch", () => [twin, pki.intermediate], () => twin],
    ["the intermediate, behind a stranger", "match", () => [stranger, pki.intermediate], () => pki.intermediate],
    ["the root, in the wrong order", "match", () => [pki.root, pki.intermediate], () => pki.root],
    ["the root, without what lies between", "mismatch", () => [pki.root], () => pki.root],
    ["the root, which is not served", "mismatch", () => [pki.intermediate], () => pki.root],
  ];
  it.each(ways)("2 1 1 of %s: %s, and OpenSSL says so too", async (_what, expected, chain, anchor) => {
    const records = [record("2 1 1", anchor())];
    const sent = [pki.leaf, ...chain()].map(({ der }) => der);
    expect(matchTlsa(records, { spki: spkiOf(pki.leaf), chain: sent })).toBe(expected);
    expect(await acceptedByOpenssl(await serve(...chain()), records)).toBe(expected === "match");
  });

  it("certificates that all could have signed each other cost no more than their number squared", async () => {
    const own = await issue({ subject: "CN=One", ca: true });
    // The same certificate again and again: each is its own issuer, and the next one's.
    const chain = [own, ...Array.from({ length: 40 }, () => own), pki.root].map(({ der }) => der);
    expect(matchTlsa([record("2 1 1", pki.root)], { spki: spkiOf(own), chain })).toBe("mismatch");
  });

  it("leaves out what no mail sender can use", () => {
    const right = record("3 1 1", pki.leaf);
    const unusable = [
      { ...right, usage: 1 },
      { ...right, usage: 0 },
      { ...right, usage: 255 },
      { ...right, selector: 2 },
      { ...right, matchingType: 3 },
      { ...right, data: right.data.slice(2) },
      { ...right, matchingType: 2 },
      { ...right, matchingType: 0, data: "00" },
    ];
    expect(matchTlsa(unusable, offer())).toBe("unusable");
    expect(matchTlsa([], offer())).toBe("unusable");
    expect(matchTlsa([...unusable, record("3 1 1", pki.root)], offer())).toBe("mismatch");
    // A digest that nobody can use makes nobody read less.
    expect(matchTlsa([right, { ...right, matchingType: 2 }], offer())).toBe("match");
  });
});

describe("a key before anything was issued", () => {
  const key = () => ({ spki: spkiOf(pki.leaf) });

  it("matches by its SPKI alone", () => {
    expect(matchTlsa([record("3 1 1", pki.leaf)], key())).toBe("match");
    expect(matchTlsa([record("3 1 2", pki.leaf)], key())).toBe("match");
    expect(matchTlsa([record("3 1 1", pki.root)], key())).toBe("mismatch");
  });

  it("cannot match a whole certificate, which does not exist yet", () => {
    expect(matchTlsa([record("3 0 1", pki.leaf)], key())).toBe("mismatch");
  });

  it("is undecided where a CA is pinned, and certain again with the key", () => {
    expect(matchTlsa([record("2 1 1", pki.root), record("3 1 1", pki.root)], key())).toBe("undecided");
    expect(matchTlsa([record("2 1 1", pki.root), record("3 1 1", pki.leaf)], key())).toBe("match");
  });

  it("matches nothing before it is made", () => {
    expect(matchTlsa([record("3 1 1", pki.leaf)], { spki: undefined })).toBe("mismatch");
    expect(matchTlsa([record("2 1 1", pki.leaf)], { spki: undefined })).toBe("undecided");
  });
});

describe("the record to publish", () => {
  it("is 3 1 1, written as a line of a zone file", () => {
    const spki = spkiOf(pki.leaf);
    const line = tlsaLine(tlsaOwner(name, 25), tlsaFor(spki));
    expect(line).toBe(`_25._tcp.mail.example.org. IN TLSA 3 1 1 ${hash("sha256", spki)}`);
  });

  it("has the digest that the present records make senders read: once published it matches", () => {
    const spki = spkiOf(pki.leaf);
    for (const present of [
      [record("3 1 1", pki.root)],
      [record("3 1 2", pki.root)],
      [record("3 1 1", pki.root), record("3 1 2", pki.root)],
      [record("2 1 2", pki.root)],
      [record("3 0 2", pki.root)],
      [{ ...record("3 1 1", pki.root), matchingType: 2 }],
    ]) {
      expect(matchTlsa([...present, tlsaFor(spki, present)], { spki })).toBe("match");
    }
    expect(tlsaFor(spki, [record("3 1 2", pki.root)]).data).toBe(hash("sha512", spki));
  });
});
