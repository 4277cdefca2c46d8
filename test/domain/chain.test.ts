// Chains: any permutation is put in order, and what is wrong with an order is said.
import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type CertificateFacts, readCertificate } from "../../src/domain/certificate.ts";
import { examineChain, issuedBy, sortChain } from "../../src/domain/chain.ts";
import { type ForeignChain, foreignCa, foreignCertificate, foreignChain } from "./foreign-certificates.ts";

let made: ForeignChain;
let root: CertificateFacts;
let first: CertificateFacts;
let second: CertificateFacts;
let leaf: CertificateFacts;
let stranger: CertificateFacts;

beforeAll(async () => {
  made = await foreignChain();
  [root, first, second, leaf] = [made.root, made.first, made.second, made.leaf].map(({ pem }) =>
    readCertificate(pem),
  ) as [CertificateFacts, CertificateFacts, CertificateFacts, CertificateFacts];
  // The same name as the root, another key.
  stranger = readCertificate(
    (await foreignCertificate({ subject: "/CN=Test Root", extensions: foreignCa.caExtensions })).pem,
  );
});

const label = (facts: CertificateFacts): string => facts.subject.replace(/^CN=(Test )?/, "");
const labels = (list: readonly CertificateFacts[]): readonly string[] => list.map(label);

test("every permutation of a chain, with duplicates and a stranger, sorts into the one chain", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }), (order) => {
      const pool = [leaf, second, first, root, stranger, second, leaf];
      const given = order.map((index) => pool[index]).filter((one) => one !== undefined);
      expect(labels(sortChain(given))).toEqual(["mail.example.org", "Intermediate 2", "Intermediate 1", "Root"]);
    }),
    { numRuns: 40 },
  );
});

test("a chain in order has nothing to report", () => {
  expect(examineChain([leaf, second, first, root])).toMatchObject({
    outOfOrder: false,
    duplicates: [],
    superfluous: [],
    rootIncluded: true,
  });
  expect(examineChain([leaf, second, first, root])).not.toHaveProperty("missingIssuer");
});

test.each([
  ["leaf alone", () => [leaf], { missingIssuer: "CN=Test Intermediate 2", rootIncluded: false, outOfOrder: false }],
  [
    "root left out",
    () => [leaf, second, first],
    { missingIssuer: "CN=Test Root", rootIncluded: false, outOfOrder: false },
  ],
  ["intermediates swapped", () => [leaf, first, second], { missingIssuer: "CN=Test Root", outOfOrder: true }],
  ["leaf last", () => [root, first, second, leaf], { outOfOrder: true, rootIncluded: true }],
  [
    "an intermediate missing in the middle",
    () => [leaf, first, root],
    { missingIssuer: "CN=Test Intermediate 2", outOfOrder: false },
  ],
])("%s", (_, given, report) => {
  expect(examineChain(given())).toMatchObject(report);
  expect(examineChain(given()).chain[0]).toBe(leaf);
});

test("duplicates and strangers are named", () => {
  const report = examineChain([leaf, second, second, stranger, first, leaf]);
  expect(report.duplicates).toEqual([second, leaf]);
  expect(report.superfluous).toEqual([stranger]);
  expect(report.outOfOrder).toBe(false);
  expect(labels(examineChain([leaf, first, root]).superfluous)).toEqual(["Intermediate 1", "Root"]);
});

test("nothing is no chain", () => {
  expect(examineChain([])).toEqual({
    chain: [],
    outOfOrder: false,
    duplicates: [],
    superfluous: [],
    rootIncluded: false,
  });
  expect(sortChain([])).toEqual([]);
});

test("a self-signed leaf is its own chain", async () => {
  const own = readCertificate(
    (await foreignCertificate({ subject: "/CN=x.example.org", extensions: ["basicConstraints=CA:FALSE"] })).pem,
  );
  expect(examineChain([own])).toMatchObject({ chain: [own], rootIncluded: true });
});

test("a cross-signed twin of the root keeps the longer way", async () => {
  const older = await foreignCertificate({ subject: "/CN=Test Older Root", extensions: foreignCa.caExtensions });
  const twin = await foreignCertificate({
    subject: "/CN=Test Root",
    extensions: foreignCa.caExtensions,
    issuer: older,
    key: made.root.key,
  });
  const [olderFacts, twinFacts] = [readCertificate(older.pem), readCertificate(twin.pem)];
  expect(issuedBy(first, twinFacts)).toBe(true);
  expect(issuedBy(first, root)).toBe(true);
  expect(labels(sortChain([leaf, second, first, root, twinFacts, olderFacts]))).toEqual([
    "mail.example.org",
    "Intermediate 2",
    "Intermediate 1",
    "Root",
    "Older Root",
  ]);
});

test("issuedBy looks at the signature, not at the name alone", () => {
  expect(issuedBy(first, root)).toBe(true);
  expect(issuedBy(first, stranger)).toBe(false);
  expect(issuedBy(leaf, first)).toBe(false);
  expect(issuedBy(root, root)).toBe(true);
});
