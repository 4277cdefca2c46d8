// What was found, for people: findings with what to do about them, and verdicts about entry points.
import type { Finding, Severity } from "../domain/finding.ts";
import type { Verdict } from "../domain/verdict.ts";

const order: readonly Severity[] = ["fault", "warning", "info"];

export const findingLines = ({ severity, message, hint }: Finding, indent = ""): readonly string[] => [
  `${indent}${severity}: ${message}`,
  ...(hint === undefined ? [] : [`${indent}  -> ${hint}`]),
];

/** Worst first; `ok` is not shown. Empty when there is nothing to say. */
export const findingsText = (findings: readonly Finding[], shown: readonly Severity[] = order): string =>
  order
    .filter((severity) => shown.includes(severity))
    .flatMap((severity) => findings.filter((finding) => finding.severity === severity))
    .flatMap((finding) => findingLines(finding))
    .join("\n");

/** Advice on what a host could offer besides: setup says it, every later deployment would repeat it. */
const advice: ReadonlySet<string> = new Set(["submission-off"]);

export const withoutAdvice = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ check }) => !advice.has(check));

/** What needs a person stands in capitals. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  proven: "proven",
  stale: "STALE",
  broken: "BROKEN",
  failing: "FAILING",
  unobservable: "not observed",
  "own-certificate": "own certificate",
};
