// A command line that is still being typed, as commander will read it: which option waits for its value, which arguments and options are there.
import type { Option } from "commander";

export interface Line {
  /** Without the command's own name. */
  readonly args: readonly string[];
  /** Options that were given, with their last values. */
  readonly given: ReadonlyMap<Option, string>;
  /** What the next word may be the value of; `must`: it can be nothing else. */
  readonly waiting?: { readonly option: Option; readonly must: boolean };
  /** Behind `--`: no word is an option any more. */
  readonly ended: boolean;
}

/** As a shell would take off quotes and backslashes: words come as they were typed. */
export const unquoted = (word: string): string => {
  let text = "";
  for (const [, single, double, escaped, plain] of word.matchAll(
    /'([^']*)'?|"((?:[^"\\]|\\.)*)"?|\\(.?)|([^'"\\]+)/gs,
  )) {
    text += single ?? double?.replaceAll(/\\([\\"$`])/g, "$1") ?? escaped ?? plain ?? "";
  }
  return text;
};

const isCalled = (option: Option, word: string): boolean => option.long === word || option.short === word;

/** The option that a word like `--out` or `--out=DIR` names. */
export const optionIn = (options: readonly Option[], word: string): Option | undefined =>
  options.find((option) => isCalled(option, word.replace(/=.*$/s, "")));

/** @param words the words behind the command's name, without the one that is being typed */
export const readLine = (words: readonly string[], options: readonly Option[]): Line => {
  const args: string[] = [];
  const given = new Map<Option, string>();
  let waiting: Line["waiting"];
  let ended = false;
  for (const word of words) {
    if (waiting !== undefined && (waiting.must || !word.startsWith("-"))) {
      const { option }: { readonly option: Option } = waiting;
      given.set(option, word);
      waiting = option.variadic ? { option, must: false } : undefined;
      continue;
    }
    waiting = undefined;
    if (ended || !word.startsWith("-") || word === "-") {
      args.push(word);
      continue;
    }
    if (word === "--") {
      ended = true;
      continue;
    }
    const option = optionIn(options, word);
    if (option === undefined) continue;
    const value = /=(.*)$/s.exec(word)?.[1];
    given.set(option, value ?? "");
    if (value === undefined && (option.required || option.optional)) waiting = { option, must: option.required };
  }
  return { args, given, ended, ...(waiting === undefined ? {} : { waiting }) };
};
