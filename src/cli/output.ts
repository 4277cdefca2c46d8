// What a command says: its result once on stdout (for people or as JSON), progress and problems on stderr.
import type { Failure } from "../domain/failure.ts";
import { printable } from "../domain/text.ts";
import type { Host } from "./host.ts";

export interface Output {
  /** The command's result: human text, or the JSON document with --json. Called once. With --quiet the text is shown only when it tells of a `problem`. */
  result(human: string, document: object, problem?: boolean): void;
  /** Text on stdout as it is (snippets, shell completion); not for commands with --json. */
  text(text: string): void;
  /** One step, shown with --verbose. */
  step(what: string): void;
  /** Something a person should know although the command goes on. Shown also with --quiet. */
  warn(message: string, hint?: string): void;
  readonly color: boolean;
  /** Columns to fit tables into. */
  readonly width: number;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

const withEnd = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

export const createOutput = (host: Host, options: OutputOptions): Output => ({
  color: options.color && host.stdout.isTTY && !host.env["NO_COLOR"],
  width: host.stdout.isTTY ? host.stdout.columns : 100,
  result: (human, document, problem = true) => {
    if (options.json) host.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    else if (problem || !options.quiet) host.stdout.write(withEnd(human));
  },
  text: (text) => host.stdout.write(withEnd(text)),
  step: (what) => {
    if (options.verbose) host.stderr.write(`mailcert: ${printable(what)}\n`);
  },
  warn: (message, hint) => {
    host.stderr.write(`mailcert: warning: ${printable(message)}\n`);
    if (hint) host.stderr.write(`mailcert: hint: ${printable(hint)}\n`);
  },
});

/** The words of an expected failure. */
export const failureText = (failure: Failure): string =>
  [`mailcert: error: ${failure.message}`, ...failure.hints.map((hint) => `mailcert: hint: ${hint}`)].join("\n") + "\n";

/** Its twin for --json. */
export const failureDocument = (failure: Failure): object => ({
  schema: "mailcert.error/1",
  error: {
    kind: failure.kind,
    message: failure.message,
    hints: failure.hints,
    ...(failure.facts ? { facts: failure.facts } : {}),
  },
});

/** The same for a bug of ours (70). */
export const internalDocument = (message: string, hint: string): object => ({
  schema: "mailcert.error/1",
  error: { kind: "internal", message, hints: [hint] },
});
