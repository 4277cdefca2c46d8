// Every command line of ours in the documentation is one that the program takes: its command, its options, what they choose from.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Command, CommanderError } from "commander";
import type { CommandModule } from "../../src/cli/command.ts";
import { buildProgram, findCommand, runProgram } from "../../src/cli/program.ts";
import { argumentTakes, optionTakes, type Takes } from "../../src/cli/takes.ts";
import { bare, commands } from "../../src/commands/index.ts";
import { explainMessage } from "../../src/domain/explain.ts";
import { Failure } from "../../src/domain/failure.ts";
import { codeIn, commandsIn, fencesIn, ours, stepsIn } from "./commands.ts";
import { markdownFiles, readMarkdown, root } from "./markdown.ts";
import { hostFor } from "./run-main.ts";

/** Words that stand for something else. */
const placeholders: Readonly<Record<string, string>> = {
  A: "alice@example.org",
  CA: "office",
  CLIENT: "certbot",
  DIR: "/srv/x",
  DOMAIN: "example.org",
  FILE: "/srv/x",
  HOST: "mail.example.org",
  ID: "cert-expiry",
  NAME: "mail.example.org",
  "OTHER-NAME": "imap.example.org",
  SERVER: "postfix",
  URL: "imaps://mail.example.org",
  WORD: "993",
  "...": "example.org",
};
const filled = (word: string): string => placeholders[word] ?? word;

/** Where it would begin to work. */
const reached = new Failure("config", "the line was taken");
const stop = () => Promise.reject(reached);

/** What it says where something is missing: in the text a command is also called by its name alone. */
const incomplete = /missing|^Failure: (?:say wh|no host name was given)/;

/** What the program says against it; "" where it would begin to work. */
const complaint = async (argv: readonly string[]): Promise<string> => {
  let said = "";
  const host = hostFor("/nowhere", argv, { out: () => undefined, err: (text) => void (said += text) });
  try {
    // One round of what goes round and round.
    const given = { ...host, sleep: stop, ask: stop, askSecret: stop };
    const status = await runProgram({ host: given, commands, bare, world: () => stop });
    return status === 64 ? said : "";
  } catch (error) {
    // What it would find, or not find, on this host is not the line's fault.
    return error instanceof Failure && error.kind !== "usage" ? "" : String(error);
  }
};

/** `--format autoconfig,srv`: words that only the command's own completion knows, which are looked at after the configuration was read. */
const strange = (takes: Takes, given: readonly string[]): readonly string[] => {
  const words = (typeof takes.words === "function" ? takes.words() : (takes.words ?? [])).map((one) =>
    typeof one === "string" ? one : one[0],
  );
  if (words.length === 0 || takes.names !== undefined || takes.files !== undefined) return [];
  const begins = (one: string): boolean => (takes.beginnings ?? []).some((start) => one.startsWith(start));
  return given.flatMap((one) => one.split(",")).filter((one) => !words.includes(one) && !begins(one));
};

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.flatMap(texts) : typeof value === "string" ? [value] : [];

/** Words of options and arguments that are none of those to choose from. */
const unknownWords = async (argv: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  const look = (command: Command, { completion }: CommandModule): void => {
    // Lines of logs are no words to choose from.
    if (command.name() === "explain" && explainMessage(command.args.join(" ")).length > 0) return;
    for (const option of command.options)
      for (const one of strange(
        optionTakes(option, completion, command.args),
        texts(command.opts()[option.attributeName()]),
      ))
        found.push(`${option.long ?? option.flags} ${one}`);
    for (const [index, argument] of command.registeredArguments.entries()) {
      const given = argument.variadic ? command.args.slice(index) : command.args.slice(index, index + 1);
      for (const one of strange(argumentTakes(argument, completion, command.args.slice(0, index)), given))
        found.push(`${argument.name()} ${one}`);
    }
  };
  const host = hostFor("/nowhere", argv, { out: () => undefined, err: () => undefined });
  const name = findCommand(argv, Object.keys(commands));
  const program = await buildProgram(
    { host, commands },
    name === undefined ? [] : [name],
    async (_name, command, module) => look(command, module),
  );
  await program.parseAsync([...argv], { from: "user" }).catch((error: unknown) => {
    // --help and --version end it, too; what is wrong was told already.
    if (!(error instanceof CommanderError)) throw error;
  });
  return found;
};

interface Line {
  readonly where: string;
  readonly argv: readonly string[];
}

/** All that is wrong with it, as far as that can be told without this host. */
const faultsOf = async (argv: readonly string[]): Promise<readonly string[]> => {
  const said = await complaint(argv);
  return said === "" ? unknownWords(argv) : [said];
};

const linesIn = (file: string): readonly (Line & { readonly inText: boolean })[] => {
  const page = readMarkdown(file);
  const blocks = fencesIn(page)
    .filter(({ word }) => word === "sh" || word === "")
    .map(({ line, text }) => ({ line, text, inText: false }));
  const inText = codeIn(page).map(({ line, text }) => ({ line, text, inText: true }));
  return [...blocks, ...inText]
    .filter(({ text, inText: asText }) =>
      asText ? /^(?:npx |sudo )?mailcert /.test(text) : text.includes("mailcert "),
    )
    .flatMap(({ line, text, inText: asText }) =>
      commandsIn(text).flatMap((one) => {
        const argv = ours(one.words)?.map(filled);
        const where = `${file} line ${line + one.line - 1}: mailcert ${argv?.join(" ")}`;
        return argv === undefined ? [] : [{ where, argv, inText: asText }];
      }),
    );
};

// What was decided, and what has changed, is told in the words of then.
const files = markdownFiles().filter((file) => !/^docs\/decisions\/0|CHANGELOG/.test(file));

describe("the lines of ours in the documentation", () => {
  const lines = files.flatMap(linesIn);

  it("are found in blocks and in the text, on every kind of page", () => {
    expect(lines.length).toBeGreaterThan(300);
    for (const page of ["README.md", "docs/troubleshooting.md", "docs/servers/postfix.md", "docs/clients/java.md"])
      expect(lines.filter(({ where }) => where.startsWith(page)).length, page).toBeGreaterThan(0);
  });

  it("are taken by the program", { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    const different = new Map(lines.map((line) => [JSON.stringify([line.argv, line.inText]), line]));
    for (const { where, argv, inText } of different.values()) {
      const faults = await faultsOf(argv);
      if (!inText || faults.some((fault) => !incomplete.test(fault)))
        wrong.push(...faults.map((fault) => `${where}\n${fault}`));
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ["a command", "verfiy mail.example.org", "unknown command"],
    ["an option", "verify mail.example.org --entries imap", "unknown option"],
    ["an option of another command", "verify mail.example.org --server postfix", "unknown option"],
    ["a format", "bundle --out /srv/x --format pem outlook", "does not know 'outlook'"],
    ["a check", "verify --check cert-name,cert-nmae", "--check cert-nmae"],
    ["a server", "snippet sendmail", "server sendmail"],
    ["an entry point", "verify --entry imap,imapz", "--entry imapz"],
    ["an action", "ca make", "unknown"],
    ["a number", "verify --timeout soon", "whole number"],
    ["an argument", "revoke", "missing required argument"],
    ["what goes together", "deploy --remove --harden", "--harden does not go with it"],
  ])("%s that is wrong would be found", async (_, line, words) => {
    expect((await faultsOf(line.split(" "))).join("\n")).toContain(words);
  });
});

describe("the pages per server and per client", () => {
  const pages = files.filter((file) => /^docs\/(servers|clients)\//.test(file));
  const tests = readdirSync(join(root, "test/e2e")).filter((file) => file.endsWith(".test.ts"));
  const source = tests.map((file) => readFileSync(join(root, "test/e2e", file), "utf8")).join("\n");
  /** How a test names the page whose lines it runs (test/lab/page.ts). */
  const runs = (page: string): boolean =>
    source.includes(`"${page.replace("docs/", "")}"`) || source.includes(`page: "${basename(page, ".md")}"`);

  it.each(pages)("%s: a lab test runs every line of its blocks for a shell", (page) => {
    const { run, notRun } = stepsIn(readMarkdown(page));
    expect(notRun).toEqual([]);
    expect(runs(page)).toBe(run.length > 0);
    // A block of another kind says what it is: nothing is left out unseen.
    const words = fencesIn(readMarkdown(page)).map(({ word }) => word);
    expect(words.filter((word) => !["sh", "yaml", "text", "bat", "powershell"].includes(word))).toEqual([]);
  });
});

describe("a page's commands", () => {
  it("are what a shell makes of its blocks", () => {
    const script = `FOO=1 sudo mailcert verify 'a b'"c" # why\n  && npx mailcert x --y=\\\n  z 2>&1 | grep -c 'one\ntwo' >/dev/null; e#f <<END\nmailcert no\nEND\n. <(mailcert completion bash)`;
    expect(commandsIn(script)).toEqual([
      { line: 1, words: ["FOO=1", "sudo", "mailcert", "verify", "a bc"] },
      { line: 2, words: ["npx", "mailcert", "x", "--y=", "z"] },
      { line: 3, words: ["grep", "-c", "one\ntwo"] },
      { line: 4, words: ["e#f"] },
      { line: 7, words: ["."] },
      { line: 7, words: ["mailcert", "completion", "bash"] },
    ]);
    expect(commandsIn(script).map(({ words }) => ours(words)?.[0])).toEqual([
      "verify",
      "x",
      undefined,
      undefined,
      undefined,
      "completion",
    ]);
  });

  it("are run line by line, but for blocks that are marked", () => {
    const page = "```sh\na b   # why\nc \\\n  d\n# e\n```\n\n<!-- not run: needs a phone -->\n\n```sh\nf\n```\n";
    expect(stepsIn(page)).toEqual({
      run: [
        { line: 2, text: "a b" },
        { line: 3, text: "c \\\n  d" },
      ],
      notRun: [{ line: 11, text: "f", why: "needs a phone" }],
    });
  });

  it("stand in fences and in code marks, with their lines", () => {
    const page = "a `b`\n\n<!-- c -->\n\n```sh\nd `e`\n\nf\n```\n| `g \\| h` |\n";
    expect(fencesIn(page)).toEqual([{ word: "sh", line: 6, text: "d `e`\n\nf", above: "<!-- c -->" }]);
    expect(codeIn(page)).toEqual([
      { line: 1, text: "b" },
      { line: 10, text: "g | h" },
    ]);
    expect(() => fencesIn("```sh\na\n")).toThrow("line 1: a fence without an end");
  });
});
