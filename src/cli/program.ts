// The command line: finds the command, loads only that one, parses, runs it.
import { Command, CommanderError, Option } from "commander";
import { Failure } from "../domain/failure.ts";
import { fittingFailure } from "../domain/fitting-hint.ts";
import { textWidth } from "../domain/wrap.ts";
import type { Chosen } from "./actions.ts";
import type { CommandEntry, CommandModule, Context, Globals } from "./command.ts";
import { exitMeaning, exitStatus, failureStatus, monitorLine } from "./exit-status.ts";
import type { Host } from "./host.ts";
import { withCommandMeant } from "./other-words.ts";
import { createOutput, failureDocument } from "./output.ts";

export const defaultConfig = "/etc/mailcert/mailcert.yaml";
export const defaultState = "/var/lib/mailcert";

export interface ProgramOptions {
  readonly host: Host;
  readonly commands: Readonly<Record<string, CommandEntry>>;
  /** What a person at a terminal gets who names no command. */
  readonly bare: Pick<CommandEntry, "load">;
  /** `run`: of a run that has begun; else one of its own. */
  readonly world: (
    globals: Globals,
    step: (what: string) => void,
    mayMakeConfig: boolean,
    run?: string,
  ) => Context["world"];
}

const addGlobals = (command: Command): Command =>
  command
    .option("-c, --config <FILE>", `configuration (default ${defaultConfig})`)
    .option("--state <DIR>", "state folder", defaultState)
    .option("--json", "one JSON document on stdout")
    .addOption(new Option("-q, --quiet", "only problems").conflicts("verbose"))
    .option("-v, --verbose", "every step")
    .option("--no-color", "plain text")
    .option("--dry-run", "print the plan, change nothing")
    .option("--yes", "answer yes where a person would be asked");

/** Exit statuses as a help section; every command shows those that it can end with, a bug of its own among them. */
export const exitStatusHelp = (statuses: readonly number[]): string =>
  [
    "",
    "Exit status:",
    ...[...statuses, exitStatus.internal]
      .toSorted((a, b) => a - b)
      .map((status) => `  ${String(status).padEnd(3)} ${exitMeaning[status] ?? ""}`),
  ].join("\n");

/** The words of the command line that are no options and no options' values, with their places; only the first ones count. */
export const plainWords = (argv: readonly string[]): readonly { readonly word: string; readonly index: number }[] =>
  argv.flatMap((word, index) => {
    const before = argv[index - 1];
    const value = before === "-c" || before === "--config" || before === "--state";
    return value || word.startsWith("-") ? [] : [{ word, index }];
  });

/** The word that names a command: options and their values may stand before it. */
export const findCommand = (argv: readonly string[], names: readonly string[]): string | undefined => {
  const word = plainWords(argv).find((one) => one.word !== "help")?.word;
  return word !== undefined && names.includes(word) ? word : undefined;
};

/** `help setpu` without its first word: commander shows its general help for it and no error, but knows what `setpu` may mean. */
const withoutVainHelp = (argv: readonly string[], names: readonly string[]): readonly string[] => {
  const [help, about] = plainWords(argv);
  if (help?.word !== "help" || about === undefined || about.word === "help" || names.includes(about.word)) return argv;
  return argv.filter((_word, index) => index !== help.index);
};

/** Commander's words in ours: what was given, and what there is to choose from. */
const inOurWords = (text: string): string =>
  withCommandMeant(text.replace(/^error: /, ""))
    .replace(
      /^command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/m,
      "unknown $2 '$1': it takes $3",
    )
    .replace(
      /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/m,
      "$1 does not know '$2': it takes $3",
    );

export const globalsOf = (values: Readonly<Record<string, unknown>>): Globals => ({
  config: values["config"] as string | undefined,
  state: values["state"] as string,
  json: values["json"] === true,
  quiet: values["quiet"] === true,
  verbose: values["verbose"] === true,
  dryRun: values["dryRun"] === true,
  yes: values["yes"] === true,
});

/** As they are typed: `--webroot`. */
const optionsOf = (...commands: readonly Command[]): ReadonlySet<string> =>
  new Set(commands.flatMap(({ options }) => options.flatMap(({ long }) => long ?? [])));

/** Builds the commander program: `only` these commands, loaded and declared in full; all of them with their summaries where none is named. */
export const buildProgram = async (
  { host, commands }: Pick<ProgramOptions, "host" | "commands">,
  only: readonly string[],
  run: (name: string, command: Command, module: CommandModule) => Promise<void>,
): Promise<Command> => {
  const program = addGlobals(new Command("mailcert"))
    .description("Certificates for mail servers: made, installed, proven on the wire, renewed.")
    .version(host.version, "-V, --version", "version")
    .helpCommand("help [command]", "help for a command")
    .addHelpText(
      "after",
      "\nFirst time: mailcert setup mail.example.org\nWhere a hint names docs/PAGE.md: in a checkout; of a package in\n/usr/share/doc/mailcert/docs or /usr/share/doc/mailcert-standalone/docs",
    );
  prepare(program, host);
  for (const [name, entry] of Object.entries(commands)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const command = program.command(name).description(entry.summary);
    prepare(command, host);
    if (!only.includes(name)) continue;
    const { command: module } = await entry.load();
    module.declare(command);
    command.action(() => run(name, command, module));
  }
  return program;
};

const prepare = (command: Command, host: Host): void => {
  command
    .exitOverride()
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: textWidth,
      // As manuals write it: --state DIR.
      optionTerm: (option) => option.flags.replace(/<([^>]+)>/, "$1"),
    })
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      // Commander's own words, in our form.
      outputError: (text, write) => write(text.startsWith("error: ") ? `mailcert: error: ${inOurWords(text)}` : text),
    })
    .showHelpAfterError(helpHint(command.name()));
};

/** @param name of the command, with its action where it has any */
export const helpHint = (name: string): string =>
  `mailcert: hint: mailcert ${name === "mailcert" ? "" : `${name} `}--help shows what it takes`;

/** The action of the command that is wanted, where it has actions and the command line names one. */
const actionOf = async ({ host, commands }: ProgramOptions, program: Command, name: string | undefined) => {
  const actions = name === undefined ? undefined : (await commands[name]?.load())?.command.actions;
  const command = program.commands.find((one) => one.name() === name);
  if (actions === undefined || command === undefined) return undefined;
  return (await import("./actions.ts")).chosenAction(command, actions, host.argv);
};

/** Parses the command line and runs the command. @returns the exit status. */
export const runProgram = async (options: ProgramOptions): Promise<number> => {
  const { host, commands } = options;
  const names = Object.keys(commands);
  const wanted = findCommand(host.argv, names);
  let status: number = exitStatus.done;
  let action: Chosen | undefined;
  const perform = async (command: Command, module: CommandModule): Promise<void> => {
    const values = command.optsWithGlobals();
    const globals = globalsOf(values);
    const output = createOutput(host, { ...globals, color: values["color"] !== false });
    action?.refuseStrangers();
    const makeWorld = (run?: string): Context["world"] =>
      options.world(globals, (what) => output.step(what), module.mayMakeConfig === true, run);
    const fitting = (failure: Failure): Failure => fittingFailure(failure, optionsOf(action?.page ?? command, program));
    const context: Context = {
      host,
      globals,
      args: command.args,
      options: values,
      output,
      fitting,
      world: makeWorld(),
      newWorld: (run) => makeWorld(run)(),
    };
    status = await module.run(context).catch((error: unknown) => {
      throw error instanceof Failure ? fitting(error) : error;
    });
  };
  const program = await buildProgram(options, wanted === undefined ? [] : [wanted], (_name, command, module) =>
    perform(command, module),
  );
  // A script that lost its command is told so, as ever; --json asks for a document.
  const alone = plainWords(host.argv).length === 0 && (host.stdout.isTTY || host.argv.includes("--json"));
  if (alone) program.action(async () => perform(program, (await options.bare.load()).command));
  try {
    if (host.argv.length === 0 && !alone) {
      host.stdout.write(program.helpInformation());
      return exitStatus.usage;
    }
    action = await actionOf(options, program, wanted);
    if (action?.asksForHelp === true) {
      action.page.outputHelp();
      return exitStatus.done;
    }
    await program.parseAsync([...withoutVainHelp(host.argv, names)], { from: "user" });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitStatus.done;
    if (host.argv.includes("--json")) {
      const failure = new Failure("usage", inOurWords(error.message));
      host.stdout.write(`${JSON.stringify(failureDocument(failure), undefined, 2)}\n`);
    }
    host.stdout.write(monitorLine(host.argv, inOurWords(error.message)));
    return failureStatus(host.argv, exitStatus.usage);
  }
};

/** A whole number from an option. @throws Failure `usage`. */
export const wholeNumber =
  (option: string, minimum = 1, maximum = Infinity) =>
  (text: string): number => {
    if (!/^\d{1,9}$/.test(text) || Number(text) < minimum || Number(text) > maximum) {
      const range = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
      throw new Failure("usage", `${option} takes a whole number ${range}, not "${text.slice(0, 60)}"`);
    }
    return Number(text);
  };

/** Collects a repeatable option whose values may also be joined by commas. */
export const list = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
];
