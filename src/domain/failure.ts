// An expected failure: what went wrong, where, and what to do next. Everything else that is thrown is a bug.
import { printable } from "./text.ts";

/** The kinds of expected failure; `cli/exit-status.ts` maps each to its exit status (sysexits.h). */
export type FailureKind =
  | "usage" // 64: the command line is wrong
  | "data" // 65: something read is not what it should be
  | "unavailable" // 69: a service (CA, DNS, mail server) did not do its part
  | "cannot-create" // 73: a file, a folder or a listener could not be made
  | "try-later" // 75: lock held, rate limited, waiting
  | "no-permission" // 77: the operating system said no
  | "config"; // 78: bad configuration, or a change that needs --replace

export interface FailureDetails {
  /** What to do next, one sentence each, shown as `mailcert: hint: ...`. */
  readonly hints?: readonly string[];
  /** Machine-readable facts for --json (never secrets), e.g. an ACME problem document. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** `message` is one sentence that says what and where; it never holds a key or an unbounded remote text. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly hints: readonly string[];
  readonly facts: Readonly<Record<string, unknown>> | undefined;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    // Messages end up on terminals, in mail to root and in state.json.
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Failure";
    this.kind = kind;
    this.hints = (details.hints ?? []).map(printable);
    this.facts = details.facts;
  }
}
