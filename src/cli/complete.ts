// What can stand at the end of a command line that is being typed: the shells' completion scripts ask it (templates/completion.*).
import type { Command, Option } from "commander";
import type { CommandModule } from "./command.ts";
import { type Line, optionIn, readLine, unquoted } from "./line.ts";
import { type ProgramOptions, buildProgram, findCommand, globalsOf, list, plainWords } from "./program.ts";
import { type OwnNames, type Takes, type Word, argumentTakes, optionTakes, optionsHere } from "./takes.ts";

/** `beginning`: no space follows. */
export interface Candidate {
  readonly kind: "word" | "beginning";
  readonly word: string;
  readonly meaning: string;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** Files of this host may stand here, too. */
  readonly files?: "any" | "folders";
}

/** Names that the configuration of this command line has. */
export type ReadNames = (globals: ReturnType<typeof globalsOf>, what: OwnNames) => Promise<readonly Word[]>;

const nothing: Candidates = { candidates: [] };

const candidate = (word: Word, prefix = "", kind: Candidate["kind"] = "word"): Candidate => {
  const [text, meaning] = typeof word === "string" ? [word, ""] : word;
  return { kind, word: `${prefix}${text}`, meaning };
};

/** Candidates of one kind of value; `prefix` is what of the `current` word stays as it is. */
const fill = async (
  takes: Takes,
  current: string,
  prefix: string,
  names: (what: OwnNames) => Promise<readonly Word[]>,
): Promise<Candidates> => {
  const { beginnings = [], namesBehind } = takes;
  const begun = beginnings.find((word) => current.startsWith(`${prefix}${word}`));
  if (begun !== undefined && namesBehind !== undefined)
    return { candidates: (await names(namesBehind)).map((word) => candidate(word, `${prefix}${begun}`)) };
  const words = typeof takes.words === "function" ? takes.words() : (takes.words ?? []);
  const own = takes.names === undefined ? [] : await names(takes.names);
  return {
    candidates: [
      ...[...own, ...words].map((word) => candidate(word, prefix)),
      ...beginnings.map((word) => candidate(word, prefix, "beginning")),
    ],
    ...(takes.files === undefined ? {} : { files: takes.files }),
  };
};

const together = (all: readonly Candidates[]): Candidates => {
  const files = all.map((one) => one.files).find((one) => one !== undefined);
  return { candidates: all.flatMap(({ candidates }) => candidates), ...(files === undefined ? {} : { files }) };
};

const isList = ({ parseArg }: Option): boolean => parseArg === (list as Option["parseArg"]);

/** `ecdsa,` of a value that is a list: what stands before the last comma, and is not offered again. */
const listHead = (option: Option, value: string): string =>
  isList(option) ? value.slice(0, value.lastIndexOf(",") + 1) : "";

/** One that was given is offered again only where it may be repeated. */
const isRepeatable = (option: Option): boolean =>
  option.variadic || isList(option) || (option.argChoices === undefined && (option.parseArg?.length ?? 0) > 1);

const optionCandidates = (options: readonly Option[], { given }: Line): readonly Candidate[] => {
  const there = new Set([...given.keys()].map(({ long }) => long));
  const offered = options
    .filter((option) => !option.hidden && (!there.has(option.long) || isRepeatable(option)))
    .flatMap(({ long, description }) => (long == null ? [] : [candidate([long, description])]));
  return [...offered, candidate(["--help", "display help for command"])];
};

/** The program with the one command that the line names, and what that adds for its completion. */
const open = async (options: Pick<ProgramOptions, "host" | "commands">, name: string | undefined) => {
  let module: CommandModule | undefined;
  const program = await buildProgram(options, name === undefined ? [] : [name], () => Promise.resolve());
  const command = program.commands.find((one) => one.name() === name);
  if (name !== undefined) module = (await options.commands[name]?.load())?.command;
  return { program, command, completion: module?.completion, actions: module?.actions };
};

const argumentAt = (command: Command, index: number) => {
  const all = command.registeredArguments;
  const last = all.at(-1);
  return all[index] ?? (last?.variadic === true ? last : undefined);
};

/** @param typed the words behind the program's name as they were typed, the last one up to the cursor */
export const complete = async (
  options: Pick<ProgramOptions, "host" | "commands">,
  typed: readonly string[],
  readNames: ReadNames,
): Promise<Candidates> => {
  const words = typed.slice(0, -1).map(unquoted);
  const current = unquoted(typed.at(-1) ?? "");
  const known = Object.keys(options.commands);
  const asksForHelp = plainWords(words)[0]?.word === "help";
  const name = findCommand(words, known);
  const { program, command: whole, completion, actions } = await open(options, name);
  const behind = readLine(words, [...(whole?.options ?? []), ...program.options]);
  const [word = ""] = behind.args.slice(asksForHelp ? 2 : 1);
  const action = actions !== undefined && Object.hasOwn(actions, word) ? actions[word] : undefined;
  // From here on an action is a command of its own.
  const command = whole && action ? (await import("./actions.ts")).actionPage(whole, word, action) : whole;
  const line: Line = { ...behind, args: behind.args.slice(action === undefined ? 1 : 2) };
  /** The action's own, which says what it takes here. */
  const own = (option: Option): Option => command?.options.find(({ long }) => long === option.long) ?? option;
  const names = async (what: OwnNames): Promise<readonly Word[]> => {
    const values = [...line.given].map(([option, value]) => [option.attributeName(), value] as const);
    return readNames(globalsOf({ state: program.opts()["state"], ...Object.fromEntries(values) }), what);
  };
  const valueOf = (given: Option, value: string, head: string): Promise<Candidates> => {
    const option = own(given);
    const before = listHead(option, value);
    const used = new Set(before.split(","));
    const takes = optionTakes(option, completion, line.args);
    return fill(takes, `${head}${value}`, `${head}${before}`, names).then((all) => ({
      ...all,
      candidates: all.candidates.filter(({ word }) => !used.has(word.slice(head.length + before.length))),
    }));
  };
  const allowed = optionsHere(program, command);
  if (line.waiting?.must === true) return valueOf(line.waiting.option, current, "");
  if (current.startsWith("-") && !line.ended) {
    const [, head = "", value = ""] = /^(--[^=]*=)(.*)$/s.exec(current) ?? [];
    const option = head === "" ? undefined : optionIn(allowed, current);
    if (head !== "") return option === undefined ? nothing : valueOf(option, value, head);
    return { candidates: optionCandidates(allowed, line) };
  }
  if (command === undefined || asksForHelp) {
    const [before] = actions === undefined || behind.args.length !== 2 ? [] : (whole?.registeredArguments ?? []);
    if (asksForHelp && before !== undefined) return fill(argumentTakes(before, completion, []), current, "", names);
    // A word that is no command, or `help` with its command.
    if (behind.args.length > (asksForHelp ? 1 : 0)) return nothing;
    const all = Object.entries(options.commands).map(([one, { summary }]) => candidate([one, summary]));
    return { candidates: asksForHelp ? all : [...all, candidate(["help", "help for a command"])] };
  }
  const optional = line.waiting === undefined ? [] : [await valueOf(line.waiting.option, current, "")];
  const argument = argumentAt(command, line.args.length);
  // Nothing else is taken here: what there is to add.
  if (argument === undefined && optional.length === 0)
    return current === "" && !line.ended ? { candidates: optionCandidates(allowed, line) } : nothing;
  const values =
    argument === undefined ? [] : [await fill(argumentTakes(argument, completion, line.args), current, "", names)];
  return together([...optional, ...values]);
};
