// OpenSSL's own 54 DANE cases through the checks, as a sender of mail would have them judged; where mail has rules of its own, the table says which.
import { expect, it } from "vitest";
import type { EntryCheck, EntryFacts } from "../../src/checks/check.ts";
import { daneMatch } from "../../src/checks/dane-match.ts";
import { daneTa } from "../../src/checks/dane-ta.ts";
import { daneUsage } from "../../src/checks/dane-usage.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import { matchTlsa } from "../../src/domain/tlsa.ts";
import { type DaneVector, type VectorVerdict, daneDifferences, daneVectors, range } from "../fakes/dane-vectors.ts";
import { entryFacts } from "../fakes/entry-facts.ts";

const factsOf = ({ records, chain }: DaneVector): EntryFacts =>
  entryFacts({
    entry: { protocol: "smtp", mode: "starttls", host: "example.com", port: 25 },
    observation: { chain },
    tlsa: { kind: "found", owner: "_25._tcp.example.com", records, secure: true },
    now: new Date("2026-11-20T12:00:00Z"),
  });

const judged = (vector: DaneVector): { readonly verdict: VectorVerdict; readonly said: readonly string[] } => {
  const facts = { ...factsOf(vector), chain: vector.chain.map((der) => readCertificate(der)) };
  const checks: readonly EntryCheck[] = [daneMatch, daneTa, daneUsage];
  const findings = checks.flatMap((check) => check.judge(facts));
  const refused = findings.some(({ severity }) => severity === "fault");
  const unpinned = matchTlsa(vector.records, { spki: undefined, chain: vector.chain }) === "unusable";
  return {
    verdict: refused ? "refused" : unpinned ? "unpinned" : "accepted",
    said: findings.map(({ severity, check }) => `${severity} ${check}`),
  };
};

it("has all of them: 43 that OpenSSL accepts, and 11 that it refuses", () => {
  expect(daneVectors.map(({ number }) => number)).toEqual(range(1, 54));
  const count = (result: number): number => daneVectors.filter(({ openssl }) => openssl === result).length;
  expect([0, 20, 62, 65].map(count)).toEqual([43, 1, 3, 7]);
});

it.each(daneVectors)("case $number", (vector) => {
  const differs = daneDifferences.find(({ cases }) => cases.includes(vector.number));
  const theirs: VectorVerdict = vector.openssl === 0 ? "accepted" : "refused";
  const { verdict, said } = judged(vector);
  expect(verdict, differs?.because).toBe(differs?.ours ?? theirs);
  // A difference that is none any more has to leave the table.
  if (differs) expect(verdict).not.toBe(theirs);
  // By the check that its kind belongs to.
  if (verdict === "refused") expect(said).toEqual([vector.openssl === 62 ? "fault dane-ta" : "fault dane-match"]);
  if (verdict === "unpinned") expect(said).toEqual(["warning dane-usage"]);
});
