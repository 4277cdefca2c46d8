// TLSA matching: usages, selectors, digests, digest agility, what is known before issuing; OpenSSL's own DANE code as the judge.
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import { type TlsaRecord, matchTlsa, tlsaFor, tlsaLine, tlsaOwner, tlsaText } from "../../src/domain/tlsa.ts";
import { type Issued, type Pki, makePki, served } from "../fakes/pki.ts";
import { openssl } from "../issuers/openssl.ts";

const name = "mail.example.org";
let pki: Pki;
let port: number;
let close: () => void;

beforeAll(async () => {
  pki = await makePki(name);
  // As a private CA serves it: the root is in the chain.
  const server = createServer(served(pki.leaf, pki.intermediate, pki.root), (socket) => socket.end());
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  close = () => server.close();
});
afterAll(() => close());

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
    const args = records().flatMap((one) => ["-dane_tlsa_rrdata", tlsaText(one)]);
    const trust = ["-no-CAfile", "-no-CApath", "-no-CAstore", "-verify_return_error", "-dane_tlsa_domain", name];
    const verdict = await openssl([
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      "-servername",
      name,
      ...trust,
      ...args,
    ]);
    expect(verdict.output.includes("Verification: OK"), verdict.output).toBe(expected === "match");
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
