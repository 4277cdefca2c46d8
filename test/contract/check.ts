// What every check must keep (src/checks/check.ts): one suite that each one runs.
import { describe, expect, test } from "vitest";
import type { Check, DomainFacts, EntryFacts } from "../../src/checks/check.ts";
import type { EntryPoint } from "../../src/domain/entry-point.ts";
import type { Observation } from "../../src/domain/observation.ts";
import { entryFacts } from "../fakes/entry-facts.ts";
import type { Finding } from "../../src/domain/finding.ts";

const deepFreeze = <Value>(value: Value): Value => {
  if (typeof value === "object" && value !== null && !Buffer.isBuffer(value) && !(value instanceof Date)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
};

const unreached: readonly Partial<EntryPoint>[] = [
  {},
  { protocol: "imap", mode: "starttls", port: 143 },
  { protocol: "smtp", mode: "starttls", port: 25 },
];
const refused: Partial<Observation> = { error: { stage: "connect", reason: "refused", message: "nothing listens" } };

export interface Samples {
  readonly entries: readonly EntryFacts[];
  readonly domains: readonly DomainFacts[];
}

/** `samples`: all kinds of facts, among them some that the check has something to say about. */
export const checkContract = (check: Check, samples: () => Samples): void => {
  /** Each answers anew. */
  const judgements = (): readonly (() => readonly Finding[])[] => {
    const { entries, domains } = deepFreeze(samples());
    if (check.scope === "domain") return domains.map((facts) => () => check.judge(facts));
    if (check.scope === "entry") return entries.map((facts) => () => check.judge(facts));
    return [...entries.map((facts) => () => check.judge([facts])), () => check.judge(entries)];
  };

  describe(`the contract of checks: ${check.id}`, () => {
    test("has an id, a summary, a reference and a severity for each role", () => {
      expect(check.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(check.summary).toMatch(/^\S.{10,120}$/);
      expect(check.reference).not.toBe("");
      expect(Object.keys(check.severity).sort()).toEqual(["internal", "mta", "mua"]);
    });

    test("claims to judge what nobody reached only where it has a word to say of it", () => {
      if (check.scope !== "entry") return;
      for (const entry of unreached) {
        const facts = entryFacts({ entry, observation: refused });
        if (check.applies?.(facts) ?? true) expect(check.judge(facts), entry.protocol).not.toEqual([]);
      }
    });

    test("is pure: frozen facts, the same answer twice", () => {
      for (const judge of judgements()) expect(judge()).toEqual(judge());
    });

    test("findings carry its id and reference, one line of text, and what to do", () => {
      const findings = judgements().flatMap((judge) => judge());
      expect(findings.length).toBeGreaterThan(0);
      for (const finding of findings) {
        expect(finding).toMatchObject({ check: check.id, reference: check.reference });
        // eslint-disable-next-line no-control-regex
        expect(finding.message).toMatch(/^[^\u0000-\u001f]{5,600}$/);
        if (finding.severity !== "info") expect(finding.hint).toMatch(/^\S.{20,}/);
      }
    });
  });
};
