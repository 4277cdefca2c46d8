// The way to an anchor, whatever the dates say: what makes one, and what does not.
import { beforeAll, expect, test } from "vitest";
import { type CertificateFacts, readCertificate } from "../../src/domain/certificate.ts";
import { type TrustPath, trustPath } from "../../src/domain/trust-path.ts";
import { type Issued, type Pki, day, issue, makePki } from "../fakes/pki.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});

const now = new Date();
const at = (days: number): Date => new Date(now.getTime() + days * day);
const facts = (...chain: readonly Issued[]): readonly CertificateFacts[] =>
  chain.map(({ der }) => readCertificate(der));
const pathOf = (chain: readonly Issued[], ...anchors: readonly Issued[]): TrustPath =>
  trustPath(
    facts(...chain),
    anchors.map(({ pem }) => pem),
    now,
  );
const way = ({ anchored, members }: TrustPath): string =>
  `${anchored ? "anchored" : "lost"} ${members.map(({ subject }) => subject.replace("CN=", "")).join(" > ")}`;

test("sent or not, in any order, with strangers in between", async () => {
  const { leaf, intermediate, root } = pki;
  const whole = "anchored mail.example.org > Test Intermediate > Test Root";
  const stranger = await issue({ subject: "CN=Stranger", ca: true });
  expect(way(pathOf([leaf, intermediate], root))).toBe(whole);
  expect(way(pathOf([leaf, root, stranger, intermediate, intermediate], stranger, root))).toBe(whole);
  // Anchors need not be sent, whatever they are.
  expect(way(pathOf([leaf], root, intermediate))).toBe(whole);
});

test("no root that is trusted", () => {
  const { leaf, intermediate, root } = pki;
  expect(way(pathOf([leaf, intermediate]))).toBe("lost mail.example.org > Test Intermediate");
  expect(way(pathOf([leaf, intermediate, root]))).toBe("lost mail.example.org > Test Intermediate > Test Root");
  // As OpenSSL sees it: an intermediate is no end of a way.
  expect(way(pathOf([leaf, intermediate], intermediate))).toBe("lost mail.example.org > Test Intermediate");
});

test("a self-signed leaf is trusted where it is an anchor", async () => {
  const own = await issue({ names: ["own.example.org"] });
  expect(way(pathOf([own], own))).toBe("anchored own.example.org");
  expect(way(pathOf([own], pki.root))).toBe("lost own.example.org");
});

test("dates do not matter, but of two ways the one within its dates is taken", async () => {
  const keys = pki.root.keys;
  const old = await issue({ subject: "CN=Test Root", ca: true, keys, notBefore: at(-900), notAfter: at(-1) });
  const late = await issue({ names: ["late.example.org"], by: pki.intermediate, notBefore: at(-9), notAfter: at(-1) });
  expect(pathOf([late, pki.intermediate], old)).toMatchObject({ anchored: true });
  for (const anchors of [
    [old, pki.root],
    [pki.root, old],
  ])
    expect(pathOf([pki.leaf, pki.intermediate], ...anchors).members.at(-1)?.sha256).toBe(pki.root.sha256);
});

test("a name alone makes no issuer: signature, CA flag and path length count", async () => {
  const namesake = await issue({ subject: "CN=Test Intermediate", ca: true, by: pki.root });
  expect(way(pathOf([pki.leaf, namesake], pki.root))).toBe("lost mail.example.org");
  const below = await issue({ names: ["below.example.org"], by: pki.leaf });
  expect(way(pathOf([below, pki.leaf, pki.intermediate], pki.root))).toBe("lost below.example.org");
  const [none, one] = await Promise.all(
    [0, 1].map((pathLength) => issue({ subject: "CN=Short", ca: true, pathLength, keys: pki.root.keys })),
  );
  if (!none || !one) throw new Error("no roots");
  const between = await issue({ subject: "CN=Between", ca: true, by: none });
  const leaf = await issue({ names: ["leaf.example.org"], by: between });
  expect(pathOf([leaf, between], none).anchored).toBe(false);
  expect(pathOf([leaf, between], one).anchored).toBe(true);
});

test("CAs that certify each other end", async () => {
  const first = await issue({ subject: "CN=First", ca: true });
  const second = await issue({ subject: "CN=Second", ca: true, by: first });
  const crossed = await issue({ subject: "CN=First", ca: true, keys: first.keys, by: second });
  const leaf = await issue({ names: ["leaf.example.org"], by: crossed });
  expect(way(pathOf([leaf, crossed, second], pki.root))).toMatch(/^lost leaf\.example\.org > First > Second/);
  expect(pathOf([leaf, crossed, second], first)).toMatchObject({ anchored: true });
});

test("texts among the anchors that are no certificates are passed over", () => {
  expect(trustPath(facts(pki.leaf, pki.intermediate), ["nonsense", pki.root.pem], now).anchored).toBe(true);
});
