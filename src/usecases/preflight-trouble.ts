// A failure as a finding of pre-flight.
import type { Failure } from "../domain/failure.ts";
import type { Finding, Severity } from "../domain/finding.ts";

/** With every hint in one line. */
export const trouble = (check: string, { message, hints }: Failure, severity: Severity = "fault"): Finding => ({
  check,
  severity,
  message,
  ...(hints[0] === undefined ? {} : { hint: hints.join("; ") }),
});
