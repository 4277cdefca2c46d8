// What a check says about something observed: one typed value for people and for --json.

export type Severity = "fault" | "warning" | "info" | "ok";

export interface Finding {
  /** Stable check id in lower case (docs/checks.md). */
  readonly check: string;
  readonly severity: Severity;
  readonly message: string;
  /** The command or setting that mends it. */
  readonly hint?: string;
  /** RFC section or other source. */
  readonly reference?: string;
}
