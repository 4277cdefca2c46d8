// Findings for people: what is wrong, then what to do about it.
import type { Finding, Severity } from "../domain/finding.ts";

const order: readonly Severity[] = ["fault", "warning", "info"];

/** Worst first; `ok` is not shown. Empty when there is nothing to say. */
export const findingsText = (findings: readonly Finding[], shown: readonly Severity[] = order): string =>
  order
    .filter((severity) => shown.includes(severity))
    .flatMap((severity) => findings.filter((finding) => finding.severity === severity))
    .map(({ severity, message, hint }) => `${severity}: ${message}${hint === undefined ? "" : `\n  -> ${hint}`}`)
    .join("\n");
