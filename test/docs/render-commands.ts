// The pages of docs/commands, rendered from the real program: what a page says is what --help says.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Actions, actionPages } from "../../src/cli/actions.ts";
import { exitMeaning } from "../../src/cli/exit-status.ts";
import type { Host } from "../../src/cli/host.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { commands } from "../../src/commands/index.ts";

/** Help takes two things of a host: its version, and a place to write. Everything else would be a mistake. */
export const hostFor = (write: (text: string) => void): Host =>
  new Proxy({} as Host, {
    get: (_target, key) => {
      if (key === "version") return "VERSION";
      if (key === "stdout" || key === "stderr") return { write, isTTY: false, columns: 80 };
      throw new Error(`help must not need host.${String(key)}`);
    },
  });

const schemas = join(import.meta.dirname, "../../docs/schema");

/** `--json` documents of a command: `<command>.json`, and those of its variants. */
const documentsOf: Readonly<Record<string, readonly string[]>> = {
  deploy: ["deploy", "remove"],
  config: ["config-check", "config"],
};

const jsonLine = (name: string): string => {
  const links = (documentsOf[name] ?? [name])
    .filter((document) => existsSync(join(schemas, `${document}.json`)))
    .map((document) => `[${document}.json](../schema/${document}.json)`);
  return links.length === 0
    ? ""
    : `\nWith \`--json\` it prints one document: ${links.join(", or ")}; a failure prints [error.json](../schema/error.json).\n`;
};

/** One table for monitors and scripts: each page shows those of its command. */
const exitStatuses = [
  "",
  "## Exit statuses",
  "",
  "`verify --format nagios` ends as monitors expect: 0, 1, 2, 3.",
  "",
  ...Object.entries(exitMeaning).map(([status, meaning]) => `- ${status}: ${meaning}`),
  "",
].join("\n");

const generated = "<!-- Generated from the program by `npm run docs`; edits are lost. -->";

const helpOf = (command: Command, taken: string[]): string => {
  taken.length = 0;
  // outputHelp, not helpInformation: only the former has the examples and exit statuses added by addHelpText.
  command.outputHelp();
  return taken.join("").trimEnd();
};

/** A section for each action. */
const actionsOf = (command: Command, actions: Actions | undefined, taken: string[]): string =>
  [...(actions === undefined ? [] : actionPages(command, actions).values())]
    .map((one) => `\n## mailcert ${one.name()}\n\n\`\`\`text\n${helpOf(one, taken)}\n\`\`\`\n`)
    .join("");

const page = (title: string, summary: string, help: string, more: string): string =>
  `${generated}\n\n# ${title}\n\n${summary}\n\n\`\`\`text\n${help}\n\`\`\`\n${more}`;

/** By file name. */
export const renderCommandPages = async (): Promise<ReadonlyMap<string, string>> => {
  const taken: string[] = [];
  const host = hostFor((text) => void taken.push(text));
  const program = await buildProgram({ host, commands }, Object.keys(commands), () => Promise.resolve());
  const pages = new Map<string, string>();
  const rows: string[] = [];
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.commands.find((one) => one.name() === name);
    if (!command) throw new Error(`${name} is registered, but the program does not have it`);
    const { actions } = (await load()).command;
    pages.set(
      `${name}.md`,
      page(
        `mailcert ${name}`,
        sentence(summary),
        helpOf(command, taken),
        `${jsonLine(name)}${actionsOf(command, actions, taken)}`,
      ),
    );
    rows.push(`- [${name}](${name}.md): ${summary}`);
  }
  pages.set(
    "README.md",
    page(
      "Commands",
      `What each command takes, as its \`--help\` says it.\n\n${rows.join("\n")}`,
      helpOf(program, taken),
      exitStatuses,
    ),
  );
  return pages;
};

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
