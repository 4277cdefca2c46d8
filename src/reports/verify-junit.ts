// verify as JUnit XML: a test suite for each entry point, a test case for each check that judged it; what CI systems read.
import { entryUrl } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import type { VerifiedEntry, VerifyResult } from "../domain/verify-result.ts";
import { element, textElement } from "./xml.ts";

const words = ({ severity, message, hint, reference }: Finding): string =>
  [
    `${severity}: ${message}`,
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ...(reference === undefined ? [] : [`(${reference})`]),
  ].join("\n");

interface Case {
  readonly xml: string;
  readonly outcome: "passed" | "failed" | "skipped";
}

/** One check at one place. `unseen`: why it had nothing to judge. */
const caseOf = (check: string, place: string, findings: readonly Finding[], unseen: string | undefined): Case => {
  const faults = findings.filter(({ severity }) => severity === "fault");
  const rest = findings.filter(({ severity }) => severity !== "fault");
  const named = { name: check, classname: place };
  // Readers take the first failure of a case and forget the others: all faults go into one.
  const failure =
    faults.length > 0
      ? textElement(
          "failure",
          { message: faults.map(({ message }) => message).join("; "), type: check },
          faults.map(words).join("\n\n"),
        )
      : "";
  const output = rest.length > 0 ? textElement("system-out", {}, rest.map(words).join("\n\n")) : "";
  if (faults.length > 0) return { outcome: "failed", xml: element("testcase", named, [failure, output]) };
  if (unseen !== undefined) {
    const skipped = element("skipped", { message: unseen });
    return { outcome: "skipped", xml: element("testcase", named, [skipped, output]) };
  }
  return { outcome: "passed", xml: element("testcase", named, [output]) };
};

interface Suite {
  readonly cases: readonly Case[];
  readonly durationMs: number;
  readonly xml: string;
}

const counts = (cases: readonly Case[]) => ({
  tests: cases.length,
  failures: cases.filter(({ outcome }) => outcome === "failed").length,
  errors: 0,
  skipped: cases.filter(({ outcome }) => outcome === "skipped").length,
});

const time = (durationMs: number): string => (durationMs / 1000).toFixed(3);

const suiteOf = (
  name: string,
  about: { readonly host?: string; readonly startedAt: Date; readonly durationMs: number },
  cases: readonly Case[],
): Suite => ({
  cases,
  durationMs: about.durationMs,
  xml: element(
    "testsuite",
    {
      name,
      ...counts(cases),
      time: time(about.durationMs),
      // Without a zone, as its schemas want it: UTC.
      timestamp: about.startedAt.toISOString().slice(0, 19),
      ...(about.host === undefined ? {} : { hostname: about.host }),
    },
    cases.map(({ xml }) => xml),
  ),
});

/** The checks in their order, then findings that no check of the list made; each with what it found. */
const judgedBy = (
  checked: readonly string[],
  findings: readonly Finding[],
): readonly (readonly [string, readonly Finding[]])[] => {
  const found = groupBy(findings, ({ check }) => check);
  return [...new Set([...checked, ...found.keys()])].map((check) => [check, found.get(check) ?? []]);
};

const entrySuite = (one: VerifiedEntry): Suite => {
  const { entry, observation, slot, findings, checked, notOffered } = one;
  // The same in the names of the cases: CI systems know a case again by them, and would take two alike for one.
  const place = [entryUrl(entry), observation.address ?? [], slot ?? []].flat().join(" ");
  const { error } = observation;
  const cases = notOffered
    ? [caseOf("net-reach", place, findings, "not offered")]
    : judgedBy(checked, findings).map(([check, of]) => {
        // What broke off was not seen whole: a check that is silent about it has not been passed.
        const unseen = error && of.length === 0 ? `not seen: ${error.message}` : undefined;
        return caseOf(check, place, of, unseen);
      });
  const { startedAt, durationMs } = observation;
  return suiteOf(place, { host: entry.host, startedAt, durationMs }, cases);
};

const wholeSuite = ({ checked, findings, startedAt, entries }: VerifyResult): Suite => {
  const unseen = entries.some(({ chain }) => chain.length > 0)
    ? undefined
    : "not seen: no entry point could be looked at";
  const cases = judgedBy(checked, findings).map(([check, of]) =>
    caseOf(check, "all entry points", of, of.length === 0 ? unseen : undefined),
  );
  return suiteOf("all entry points", { startedAt, durationMs: 0 }, cases);
};

export const verifyJunit = (result: VerifyResult): string => {
  const suites = [...result.entries.map(entrySuite), wholeSuite(result)].filter(({ cases }) => cases.length > 0);
  const cases = suites.flatMap((suite) => suite.cases);
  // The schema that Jenkins' xUnit plugin holds reports to has no `skipped` here.
  const { skipped: _, ...numbers } = counts(cases);
  const whole = { name: "mailcert verify", ...numbers, time: time(result.durationMs) };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    "testsuites",
    whole,
    suites.map(({ xml }) => xml),
  )}`;
};
