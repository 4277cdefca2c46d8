// What a command says: its result once on stdout (for people or as JSON), progress and problems on stderr.
import type { Failure } from "../domain/failure.ts";
import { printable } from "../domain/text.ts";
import { fold, textWidth } from "../domain/wrap.ts";
import type { Host, OutputStream } from "./host.ts";

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
  /** Columns to fit text into: a terminal's, `textWidth` at most. */
  readonly width: number;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** At a terminal no word is broken at its edge; a file and a pipe get a sentence as one line. */
const shown = (text: string, { isTTY, columns }: OutputStream): string => (isTTY ? fold(text, columns) : text);

const withEnd = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

export const createOutput = (host: Host, options: OutputOptions): Output => ({
  color: options.color && host.stdout.isTTY && !host.env["NO_COLOR"],
  width: host.stdout.isTTY ? Math.min(host.stdout.columns, textWidth) : textWidth,
  result: (human, document, problem = true) => {
    if (options.json) host.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    else if (problem || !options.quiet) host.stdout.write(shown(withEnd(human), host.stdout));
  },
  text: (text) => host.stdout.write(withEnd(text)),
  step: (what) => {
    if (options.verbose) host.stderr.write(`mailcert: ${printable(what)}\n`);
  },
  warn: (message, hint) => {
    const lines = [`warning: ${printable(message)}`, ...(hint ? [`hint: ${printable(hint)}`] : [])];
    host.stderr.write(problemText(lines, host.stderr));
  },
});

/** Each behind the program's name, as in a log. */
const problemText = (lines: readonly string[], stream: OutputStream): string =>
  lines.map((line) => `${shown(`mailcert: ${line}`, stream)}\n`).join("");

/** The words of an expected failure. */
export const failureText = (failure: Failure, stream: OutputStream): string =>
  problemText([`error: ${failure.message}`, ...failure.hints.map((hint) => `hint: ${hint}`)], stream);

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
