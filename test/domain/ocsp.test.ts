// OCSP answers, made by openssl: what each is worth for a certificate, and what cert-revoke says of it.
import { beforeAll, describe, expect, test } from "vitest";
import { certRevoke } from "../../src/checks/cert-revoke.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import { judgeOcsp } from "../../src/domain/ocsp.ts";
import { entryFacts } from "../fakes/entry-facts.ts";
import { ocspAnswer } from "../fakes/ocsp.ts";
import { type Issued, type Pki, day, issue, makePki } from "../fakes/pki.ts";

let pki: Pki;
let demanding: Issued;
let delegate: Issued;
let stranger: Issued;
let answers: Readonly<Record<"good" | "revoked" | "unknown" | "other" | "delegated" | "forged", Buffer>>;
beforeAll(async () => {
  pki = await makePki();
  const issuer = pki.intermediate;
  demanding = await issue({ names: ["mail.example.org"], by: issuer, raw: [["1.3.6.1.5.5.7.1.24", "3003020105"]] });
  delegate = await issue({ subject: "CN=Responder", by: issuer, eku: ["1.3.6.1.5.5.7.3.9"] });
  stranger = await issue({ subject: "CN=Test Intermediate", ca: true });
  const leaf = demanding;
  answers = {
    good: await ocspAnswer({ leaf, issuer, entry: "V" }),
    revoked: await ocspAnswer({ leaf, issuer, entry: "R" }),
    unknown: await ocspAnswer({ leaf, issuer }),
    other: await ocspAnswer({ leaf: pki.leaf, issuer, entry: "V" }),
    delegated: await ocspAnswer({ leaf, issuer, signer: delegate, entry: "V" }),
    // A certificate of the right CA that was not made for answering.
    forged: await ocspAnswer({ leaf, issuer, signer: pki.leaf, entry: "V" }),
  };
});

const at = (days: number): Date => new Date(Date.now() + days * day);
const judge = (answer: Buffer, days = 0, issuer: Issued | undefined = pki.intermediate) =>
  judgeOcsp(answer, readCertificate(demanding.der), issuer && readCertificate(issuer.der), at(days));

describe("what an answer is worth", () => {
  test("good: signed by the issuer, or by whom it made for that", () => {
    expect(judge(answers.good)).toEqual({ kind: "good" });
    expect(judge(answers.delegated)).toEqual({ kind: "good" });
  });
  test("revoked, with the day", () => {
    expect(judge(answers.revoked)).toEqual({ kind: "revoked", at: new Date("2026-11-01T00:00:00Z") });
  });
  test.each([
    ["about another certificate", () => judge(answers.other), "about another"],
    ["of a certificate that the CA does not know", () => judge(answers.unknown), "does not know"],
    ["out of date", () => judge(answers.good, 3), "out of date since"],
    ["of the future", () => judge(answers.good, -3), "of the future"],
    ["signed by somebody else", () => judge(answers.forged), "not signed by"],
    ["of a CA with the same name", () => judge(answers.good, 0, stranger), "not signed by"],
    ["no answer at all", () => judge(Buffer.from("garbage")), "cannot be read"],
    ["cut off", () => judge(answers.good.subarray(0, 60)), "cannot be read"],
    ["a refusal", () => judge(Buffer.from("30030a0103", "hex")), 'said "tryLater"'],
  ])("useless: %s", (_, verdict, why) => {
    expect(verdict()).toMatchObject({ kind: "useless", why: expect.stringContaining(why) });
  });
  test("one bit of what was signed", () => {
    const changed = Buffer.from(answers.good);
    // A second of producedAt, which says nothing else.
    const at = changed.indexOf(Buffer.from("180f3230", "hex")) + 15;
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(judge(changed)).toMatchObject({ why: expect.stringContaining("not signed by") });
  });
});

describe("cert-revoke", () => {
  const said = (leaf: Issued, stapled: Buffer | undefined, protocol: "imap" | "smtp" = "imap"): readonly string[] => {
    const tls = { version: "TLSv1.3", cipher: "x", ...(stapled ? { stapled } : {}) };
    const facts = entryFacts({ entry: { protocol }, chain: [leaf, pki.intermediate], observation: { tls } });
    return certRevoke.judge(facts).map(({ severity, message }) => `${severity} ${message}`);
  };
  test("what was demanded and is worth something", () => {
    expect(said(demanding, answers.good)).toEqual([]);
    expect(said(pki.leaf, undefined)).toEqual([]);
    expect(said(pki.leaf, answers.other)).toEqual([]);
  });
  test("bytes are no answer", () => {
    expect(said(demanding, Buffer.from("garbage"))).toEqual([expect.stringMatching(/^warning .*cannot be read/)]);
    expect(said(demanding, answers.other)).toEqual([expect.stringMatching(/^warning .*another certificate/)]);
    expect(said(pki.leaf, Buffer.from("garbage"))).toEqual([expect.stringMatching(/^info .*of no use/)]);
  });
  test("revoked is a fault, demanded or not", () => {
    expect(said(demanding, answers.revoked)).toEqual([expect.stringMatching(/^fault .*revoked the certificate/)]);
    expect(said(demanding, answers.revoked, "smtp")).toEqual([expect.stringMatching(/^warning /)]);
  });
});
