// Exit statuses by name (sysexits.h): one table for the program, its help and its manual.
import type { FailureKind } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";

export const exitStatus = {
  done: 0,
  findings: 1,
  usage: 64,
  data: 65,
  unavailable: 69,
  internal: 70,
  "cannot-create": 73,
  "try-later": 75,
  "no-permission": 77,
  config: 78,
} as const satisfies Record<FailureKind | "done" | "findings" | "internal", number>;

export const exitMeaning: Readonly<Record<number, string>> = {
  0: "done",
  1: "findings: something is not as it should be",
  64: "the command line is wrong",
  65: "bad data",
  69: "a service is unavailable",
  70: "internal error: please report it",
  73: "a file or listener cannot be created",
  75: "try again later",
  77: "no permission",
  78: "bad configuration, or a change that needs --replace",
};

/** What went wrong is to be told to a monitor: `--format nagios` stands on the command line. */
const isForMonitor = (argv: readonly string[]): boolean =>
  argv.some((word, index) => word === "--format=nagios" || (word === "nagios" && argv[index - 1] === "--format"));

/** Monitors know 0 to 3, and take anything else for a plugin that is broken: with --format nagios a failure is UNKNOWN. */
export const failureStatus = (argv: readonly string[], status: number): number => (isForMonitor(argv) ? 3 : status);

/** Monitors show stdout alone: the line that they are to have there, with its end; empty for everybody else. */
export const monitorLine = (argv: readonly string[], message: string): string =>
  // A bar would begin performance data.
  isForMonitor(argv) ? `MAILCERT UNKNOWN - ${clean(message.replaceAll("|", "\u00a6"), 380)}\n` : "";
