// What options and arguments take, as shells complete it: what commander's declaration says, and what a command adds to it.
import type { Argument, Command, Option } from "commander";

/** Names that only this host knows, read from the configuration (or the folder of secrets beside it). */
export type OwnNames = "certificates" | "hosts" | "private CAs" | "updaters";

export type Word = string | readonly [word: string, meaning: string];

export interface Takes {
  /** A function: asked only when it is completed. */
  readonly words?: readonly Word[] | (() => readonly Word[]);
  /** Words that are only a beginning, after which no space follows: `sha256:`, `imaps://`. */
  readonly beginnings?: readonly string[];
  /** What stands behind one of them: `imaps://mail.example.org`. */
  readonly namesBehind?: OwnNames;
  readonly names?: OwnNames;
  readonly files?: "any" | "folders";
}

/** What a command adds for its completion to its declaration. */
export interface Completion {
  /** By an option's long name or an argument's name, where neither its choices nor its placeholder say it; a function gets the arguments before it. */
  readonly takes?: Readonly<Record<string, Takes | ((before: readonly string[]) => Takes)>>;
}

/** Placeholders that say what they stand for. */
const byPlaceholder: Readonly<Record<string, Takes>> = {
  FILE: { files: "any" },
  DIR: { files: "folders" },
  file: { files: "any" },
  dir: { files: "folders" },
};

/** `<live|FILE>` -> live, FILE. */
const placeholders = (flags: string): readonly string[] =>
  /[<[]([^>\]]+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1]?.split("|") ?? [];

const join = (all: readonly Takes[]): Takes => ({
  ...Object.assign({}, ...all),
  words: all.flatMap(({ words = [] }) => (typeof words === "function" ? words() : words)),
});

const fromPlaceholders = (names: readonly string[]): Takes => {
  const known = names.flatMap((name) => byPlaceholder[name] ?? (names.length > 1 ? { words: [name] } : []));
  return join(known);
};

const added = (completion: Completion | undefined, key: string, before: readonly string[]): Takes | undefined => {
  const takes = completion?.takes?.[key];
  return typeof takes === "function" ? takes(before) : takes;
};

/** What may stand behind an option. */
export const optionTakes = (option: Option, completion: Completion | undefined, before: readonly string[]): Takes =>
  added(completion, option.long ?? option.flags, before) ??
  (option.argChoices ? { words: option.argChoices } : fromPlaceholders(placeholders(option.flags)));

/** What may stand for an argument. One that is called `name` is a certificate's. */
export const argumentTakes = (
  argument: Argument,
  completion: Completion | undefined,
  before: readonly string[],
): Takes =>
  added(completion, argument.name(), before) ??
  (argument.argChoices
    ? { words: argument.argChoices }
    : (byPlaceholder[argument.name()] ?? (argument.name() === "name" ? { names: "certificates" } : {})));

/** The options that may stand here: those of the command or, where one is named, of its action; then those that every command takes. */
export const optionsHere = (program: Command, command: Command | undefined): readonly Option[] => [
  ...(command?.options ?? []),
  ...program.options.filter(({ long }) => command === undefined || long !== "--version"),
];
