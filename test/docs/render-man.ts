// The manual pages, from the program's own declarations and from pages of docs/: what they say is what --help and the manual say.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Argument, Command, Option } from "commander";
import { type Actions, actionPages } from "../../src/cli/actions.ts";
import { exitMeaning } from "../../src/cli/exit-status.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { commands } from "../../src/commands/index.ts";
import { examplesOf, flagsOf, helpParts } from "./man-help.ts";
import { manOf } from "./man-markdown.ts";
import { hostFor } from "./render-commands.ts";
import { type Heading, bold, escaped, filled, italic, item, literal, page, paragraph, section } from "./roff.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

const { version } = JSON.parse(read("package.json")) as { readonly version: string };

/** When these pages were first written: theirs until the changelog has a release with a date. */
const beforeAnyRelease = "2026-11-22";
const date = /^## \[[^\]]+\] - (\d{4}-\d\d-\d\d)$/m.exec(read("CHANGELOG.md"))?.[1] ?? beforeAnyRelease;

const heading = (name: string, number: Heading["section"], summary: string): Heading => ({
  name,
  section: number,
  summary,
  version,
  date,
});

const pageName = (name: string, number: number): string => `\\%\\fB${literal(name)}\\fR(${number})`;

const seeAlso = (...names: readonly string[]): string => `${section("See also")}\n${filled(names.join(", "))}`;

const choices = ({ argChoices }: Option | Argument): string =>
  argChoices === undefined ? "" : ` (${argChoices.map(literal).join(", ")})`;

const optionItem = (option: Option): string => {
  const usual = typeof option.defaultValue === "string" ? ` (default ${literal(option.defaultValue)})` : "";
  return item(flagsOf(option.flags), `${literal(option.description)}${choices(option)}${usual}`);
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const argumentWord = (argument: Argument): string => {
  const word = `${italic(argument.name())}${argument.variadic ? "..." : ""}`;
  return argument.required ? word : `[${word}]`;
};

const statusItems = (statuses: readonly number[]): string =>
  statuses.map((status) => item(bold(String(status)), escaped(exitMeaning[status] ?? ""))).join("\n");

/** What the help shows behind the options. */
const afterOf = (command: Command, taken: string[]): string => {
  taken.length = 0;
  command.outputHelp();
  return taken.join("").slice(command.helpInformation().length);
};

const argumentItems = ({ registeredArguments }: Command): readonly string[] =>
  registeredArguments.map((one) => item(italic(one.name()), `${literal(one.description)}${choices(one)}`));

const synopsis = (name: string, { registeredArguments, options }: Command): string => {
  const needed = options.filter(({ mandatory }) => mandatory).map(({ flags }) => flagsOf(flags));
  const words = [...needed, ...registeredArguments.map(argumentWord)].join(" ");
  return filled(`${bold(`mailcert ${name}`)} [${italic("options")}] ${words}`);
};

const statusesIn = (help: string): readonly number[] =>
  [...help.matchAll(/^ {2}(\d+) /gm)].map(([, status]) => Number(status));

const commandPage = (name: string, summary: string, command: Command, taken: string[]): string => {
  const after = afterOf(command, taken);
  const { prose, examples, afterwards } = helpParts(after);
  return page(heading(`mailcert-${name}`, 1, summary), [
    section("Synopsis"),
    synopsis(name, command),
    section("Description"),
    prose === "" ? filled(`${escaped(capital(summary))}.`) : prose,
    ...(command.registeredArguments.length === 0 ? [] : [section("Arguments")]),
    ...argumentItems(command),
    section("Options"),
    filled(`Those that every command takes are in ${pageName("mailcert", 1)}.`),
    ...command.options.map(optionItem),
    section("Exit status"),
    statusItems(statusesIn(after)),
    ...(afterwards === "" ? [] : [`.PP\n${afterwards}`]),
    section("Examples"),
    examplesOf(examples),
    seeAlso(pageName("mailcert", 1), pageName("mailcert.yaml", 5)),
  ]);
};

const actionSection = (name: string, action: Command, common: readonly Option[], taken: string[]): string => {
  const { prose } = helpParts(afterOf(action, taken));
  const own = action.options.filter(({ long }) => common.every((option) => option.long !== long));
  return [
    `.SS ${literal(name)}`,
    filled(`${escaped(capital(action.description()))}.`),
    ...(prose === "" ? [] : [prose]),
    ...argumentItems(action),
    ...own.map(optionItem),
  ].join("\n");
};

/** A command with actions: what each takes, below its name. */
const actionsPage = (name: string, summary: string, command: Command, actions: Actions, taken: string[]): string => {
  const pages = actionPages(command, actions);
  const after = afterOf(command, taken);
  const { prose } = helpParts(after);
  const common = command.options.filter(({ hidden }) => !hidden);
  return page(heading(`mailcert-${name}`, 1, summary), [
    section("Synopsis"),
    [...pages].map(([action, one]) => synopsis(`${name} ${action}`, one)).join("\n.br\n"),
    section("Description"),
    filled(`${escaped(capital(summary))}.`),
    ...(prose === "" ? [] : [prose]),
    section("Actions"),
    ...[...pages].map(([action, one]) => actionSection(action, one, common, taken)),
    section("Options"),
    ...(common.length === 0 ? [] : [filled("All actions take these."), ...common.map(optionItem), ".PP"]),
    filled(`Those that every command takes are in ${pageName("mailcert", 1)}.`),
    section("Exit status"),
    statusItems(statusesIn(after)),
    section("Examples"),
    examplesOf(Object.values(actions).flatMap(({ examples }) => examples)),
    seeAlso(pageName("mailcert", 1), pageName("mailcert.yaml", 5)),
  ]);
};

const mainPage = (program: Command, names: readonly string[]): string => {
  const [description = "", ...others] = manOf(read("docs/manual.md")).split(/^(?=\.SH )/m);
  return page(heading("mailcert", 1, program.description().replace(/\.$/, "")), [
    section("Synopsis"),
    filled(`${bold("mailcert")} [${italic("options")}] ${italic("command")} [${italic("argument")}...]`),
    ".br",
    filled(`${bold("mailcert help")} ${italic("command")}`),
    section("Description"),
    description.trimEnd(),
    section("Commands"),
    ...names.map((name) =>
      item(pageName(`mailcert-${name}`, 1), escaped(commands[name as keyof typeof commands].summary)),
    ),
    section("Options"),
    filled("Every command takes these, before or behind its own."),
    ...program.options.map(optionItem),
    item(flagsOf("-h, --help"), "what a command takes, with examples"),
    section("Exit status"),
    statusItems(Object.keys(exitMeaning).map(Number)),
    paragraph(`${bold("verify --format nagios")} ends as monitors expect: 0, 1, 2, 3.`),
    ...others.map((one) => one.trimEnd()),
    seeAlso(pageName("mailcert.yaml", 5), ...names.map((name) => pageName(`mailcert-${name}`, 1))),
  ]);
};

const configPage = (): string => {
  const [description = "", ...others] = manOf(read("docs/configuration.md")).split(/^(?=\.SH )/m);
  return page(heading("mailcert.yaml", 5, "configuration of mailcert: the certificates of a host"), [
    section("Synopsis"),
    bold("/etc/mailcert/mailcert.yaml"),
    ".br",
    bold("/etc/mailcert/conf.d/*.yaml"),
    section("Description"),
    description.trimEnd(),
    ...others.map((one) => one.trimEnd()),
    seeAlso(pageName("mailcert", 1), pageName("mailcert-config", 1), pageName("mailcert-setup", 1)),
  ]);
};

/** By file name. */
export const renderManPages = async (): Promise<ReadonlyMap<string, string>> => {
  const taken: string[] = [];
  const names = Object.keys(commands);
  const host = hostFor((text) => void taken.push(text));
  const program = await buildProgram({ host, commands }, names, () => Promise.resolve());
  const pages = new Map([
    ["mailcert.1", mainPage(program, names)],
    ["mailcert.yaml.5", configPage()],
  ]);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.commands.find((one) => one.name() === name);
    const { actions } = (await load()).command;
    if (command)
      pages.set(
        `mailcert-${name}.1`,
        actions === undefined
          ? commandPage(name, summary, command, taken)
          : actionsPage(name, summary, command, actions, taken),
      );
  }
  return pages;
};
