// Actions of a command (`mailcert ca revoke`): each declares what it takes and has a page of help of its own; on the command line they are one command, whose options may stand anywhere (decision 0079).
import { Argument, Command, Option } from "commander";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { textWidth } from "../domain/wrap.ts";
import type { Action, CommandModule } from "./command.ts";
import { readLine } from "./line.ts";
import { exitStatusHelp, helpHint } from "./program.ts";

export type Actions = Readonly<Record<string, Action>>;

/** Words in lines of `textWidth` columns at most, behind a term; a word may have blanks. */
const row = (term: string, words: readonly string[], indent: number): string => {
  const lines = [`  ${term}`];
  for (const word of words) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (longer.length <= textWidth) lines[lines.length - 1] = longer;
    else lines.push(`${" ".repeat(indent)}${word}`);
  }
  return lines.join("\n");
};

const examplesHelp = (examples: readonly string[]): string =>
  ["", "Examples:", ...examples.map((one) => `  ${one}`), ""].join("\n");

const typed = ({ flags }: Option): string => flags.replace(/<([^>]+)>/, "$1");

const argumentWords = ({ registeredArguments }: Command): readonly string[] =>
  registeredArguments.map((one) => {
    const word = `${one.name()}${one.variadic ? "..." : ""}`;
    return one.required ? `<${word}>` : `[${word}]`;
  });

/** The help of one action, as if it were a command; nothing is parsed with it. @param command is part of its program */
export const actionPage = (command: Command, name: string, action: Action): Command => {
  const page = new Command(`${command.name()} ${name}`).copyInheritedSettings(command).description(action.summary);
  page.parent = command.parent;
  action.declare?.(page);
  const needed = page.options.filter(({ mandatory }) => mandatory).map(typed);
  page.usage(["[options]", ...needed, ...argumentWords(page)].join(" "));
  const about = action.about === undefined ? "" : `\n${action.about}\n`;
  return page.addHelpText("after", `${about}${examplesHelp(action.examples)}${exitStatusHelp(action.statuses)}`);
};

export const actionPages = (command: Command, actions: Actions): ReadonlyMap<string, Command> =>
  new Map(Object.entries(actions).map(([name, action]) => [name, actionPage(command, name, action)]));

const has = (page: Command, { long }: Option): boolean => page.options.some((option) => option.long === long);

/** `<address> [--days N] --out DIR`: without the options that every action takes. */
const takenBy = (page: Command, common: (option: Option) => boolean): readonly string[] => [
  ...argumentWords(page),
  ...page.options
    .filter((option) => !common(option))
    .map((option) => (option.mandatory ? typed(option) : `[${typed(option)}]`)),
];

const overview = (command: Command, pages: ReadonlyMap<string, Command>, common: (option: Option) => boolean) => {
  const width = Math.max(...[...pages.keys()].map((name) => name.length)) + 1;
  const takes = [...pages].map(([name, page]) => ({ name, words: takenBy(page, common) }));
  return [
    `Actions (mailcert ${command.name()} ACTION --help says more):`,
    ...[...pages].map(([name, page]) => row(name.padEnd(width), page.description().split(" "), width + 3)),
    ...(takes.every(({ words }) => words.length === 0)
      ? []
      : [
          "",
          "What each takes besides the options below:",
          ...takes.map(({ name, words }) => row(name.padEnd(width), words, width + 3).trimEnd()),
        ]),
  ].join("\n");
};

/** Makes a bare command one with actions: the options of all of them, and help that lists the actions. @param more what the help says behind the options */
const declareActions = (command: Command, actions: Actions, more?: string): void => {
  const pages = actionPages(command, actions);
  const all = [...pages.values()];
  const common = (option: Option): boolean => all.every((page) => has(page, option));
  command
    .summary(command.description())
    .description(`${command.description()}\n\n${overview(command, pages, common)}`)
    .addArgument(new Argument("<action>").choices([...pages.keys()]));
  if (all.some(({ registeredArguments }) => registeredArguments.length > 0)) command.argument("[what...]");
  for (const { declare } of Object.values(actions)) {
    const bare = new Command();
    declare?.(bare);
    for (const option of bare.options) {
      // What must be there is asked for by the action, which says what it is good for.
      if (!has(command, option)) command.addOption(option.makeOptionMandatory(false).hideHelp(!common(option)));
    }
  }
  const each = Object.values(actions);
  const examples = each.flatMap((action) => (each.length > 2 ? action.examples.slice(0, 1) : action.examples));
  const statuses = [...new Set(each.flatMap((action) => action.statuses))];
  command.addHelpText(
    "after",
    `${more === undefined ? "" : `\n${more}\n`}${examplesHelp(examples)}${exitStatusHelp(statuses)}`,
  );
};

/** The parts of a command's module that follow from its actions. @param more what its help says behind the options */
export const withActions = (actions: Actions, more?: string): Pick<CommandModule, "actions" | "declare" | "run"> => ({
  actions,
  declare: (command) => declareActions(command, actions, more),
  run: async (context) => {
    const action = actions[context.args[0] ?? ""];
    if (action === undefined) throw new Failure("usage", `the actions are ${Object.keys(actions).join(", ")}`);
    return action.run(context);
  },
});

export interface Chosen {
  readonly page: Command;
  readonly asksForHelp: boolean;
  /** @throws Failure `usage` for an option or an argument that the action does not take. */
  readonly refuseStrangers: () => void;
}

const inWords = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;

const numbers: readonly string[] = ["no argument", "one argument", "two arguments"];

/** The action that a command line names, if it does. @param command as declared, part of its program */
export const chosenAction = (command: Command, actions: Actions, argv: readonly string[]): Chosen | undefined => {
  const help = new Option("-h, --help");
  const { args: words, given } = readLine(argv, [...command.options, ...(command.parent?.options ?? []), help]);
  const asksForHelp = words[0] === "help" || given.has(help);
  const [, name = "", ...args] = words[0] === "help" ? words.slice(1) : words;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) return undefined;
  const page = actionPage(command, name, action);
  command.showHelpAfterError(helpHint(page.name()));
  const refuseStrangers = (): void => {
    const shows = `mailcert ${page.name()} --help shows what it takes`;
    const stranger = [...given.keys()].find((option) => command.options.includes(option) && !has(page, option));
    if (stranger !== undefined) {
      const takers = [...actionPages(command, actions)].filter(([, one]) => has(one, stranger)).map(([one]) => one);
      throw new Failure("usage", `${stranger.long ?? stranger.flags} means nothing with ${page.name()}`, {
        hints: [`leave it out: it goes with ${command.name()} ${inWords(takers)}; ${shows}`],
      });
    }
    const taken = page.registeredArguments;
    const extra = taken.at(-1)?.variadic === true ? undefined : args[taken.length];
    if (extra !== undefined)
      throw new Failure(
        "usage",
        `${page.name()} takes ${numbers[taken.length] ?? `${taken.length} arguments`}, and there is${taken.length === 0 ? "" : " another"}: "${clean(extra, 80)}"`,
        { hints: [`leave it out; ${shows}`] },
      );
  };
  return { page, asksForHelp, refuseStrangers };
};
