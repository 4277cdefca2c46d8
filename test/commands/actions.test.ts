// Commands with actions: each action's own help, and what it refuses, for every action that there is.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { actionPages } from "../../src/cli/actions.ts";
import type { Action } from "../../src/cli/command.ts";
import { exitMeaning } from "../../src/cli/exit-status.ts";
import type { Host } from "../../src/cli/host.ts";
import { readLine } from "../../src/cli/line.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { commands } from "../../src/commands/index.ts";
import { type Ran, runMain } from "../docs/run-main.ts";

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "mailcert-actions-"))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const run = (...words: readonly string[]): Promise<Ran> => runMain(dir, ...words);

const host = { version: "", stdout: { write: () => undefined } } as unknown as Host;
const program = await buildProgram({ host, commands }, Object.keys(commands), () => Promise.resolve());

interface Case {
  readonly whole: Command;
  readonly page: Command;
  readonly action: Action;
}
const cases: Case[] = [];
for (const [name, { load }] of Object.entries(commands)) {
  const { actions } = (await load()).command;
  const whole = program.commands.find((one) => one.name() === name);
  if (actions === undefined || whole === undefined) continue;
  for (const [word, page] of actionPages(whole, actions)) {
    const action = actions[word];
    if (action !== undefined) cases.push({ whole, page, action });
  }
}
const named = cases.map((one) => [one.page.name(), one] as const);

it("six commands have actions, and no other has an argument of that name", () => {
  const withActions = [...new Set(cases.map(({ whole }) => whole.name()))];
  expect(withActions.toSorted()).toEqual(["account", "ca", "config", "dns", "notify", "schedule"]);
  for (const command of program.commands.filter((one) => !withActions.includes(one.name())))
    expect(command.registeredArguments.map((one) => one.name())).not.toContain("action");
});

describe.each(named)("mailcert %s", (name, { whole, page, action }) => {
  it("its examples are its own command lines", () => {
    expect(action.examples.length).toBeGreaterThan(0);
    for (const example of action.examples) {
      expect(example.startsWith(`mailcert ${name}`), example).toBe(true);
      const options = [...page.options, ...program.options];
      const words = example.split(" ");
      const typed = words.filter((word) => word.startsWith("--"));
      expect(typed.filter((word) => options.every(({ long }) => long !== word))).toEqual([]);
      const { args, given } = readLine(words, options);
      const taken = args.slice(3);
      const { registeredArguments } = page;
      expect(taken.length).toBeGreaterThanOrEqual(registeredArguments.filter(({ required }) => required).length);
      expect(taken.length).toBeLessThanOrEqual(registeredArguments.length);
      for (const option of page.options.filter(({ mandatory }) => mandatory)) expect(given.has(option)).toBe(true);
    }
  });

  it("its exit statuses are in order, and known", () => {
    const { statuses } = action;
    expect(statuses).toEqual([...new Set(statuses)].toSorted((a, b) => a - b));
    expect(statuses).toEqual(expect.arrayContaining([0, 64]));
    expect(statuses.filter((status) => exitMeaning[status] === undefined)).toEqual([]);
  });

  it("is one line in the list, and its options are read as the whole command reads them", () => {
    const line =
      whole
        .description()
        .split("\n")
        .find((one) => one.startsWith(`  ${name.split(" ")[1] ?? ""} `)) ?? "";
    expect(line.endsWith(` ${action.summary}`), line).toBe(true);
    expect(line.length).toBeLessThanOrEqual(80);
    for (const option of page.options) {
      const read = whole.options.find(({ long }) => long === option.long);
      const kind = (one = option) => [one.required, one.optional, one.variadic, one.negate, one.argChoices];
      expect(kind(read)).toEqual(kind(option));
    }
  });

  it("--help shows its own usage, arguments and options, wherever it stands", async () => {
    const [command = "", word = ""] = name.split(" ");
    const { status, stdout, stderr } = await run(command, word, "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: mailcert ${name} [options]`);
    const strangers = whole.options.filter(({ long }) => page.options.every((option) => option.long !== long));
    for (const { long } of page.options) expect(stdout).toMatch(new RegExp(`^  ${long ?? ""}\\b`, "m"));
    for (const { long } of strangers) expect(stdout).not.toMatch(new RegExp(`^  ${long ?? ""}\\b`, "m"));
    for (const argument of page.registeredArguments) expect(stdout).toMatch(new RegExp(`^  ${argument.name()} `, "m"));
    for (const example of action.examples) expect(stdout).toContain(`\n  ${example}\n`);
    expect(stdout.split("\n\n").at(-1)).toMatch(/^Exit status:\n {2}0 /);
    expect((await run("help", command, word)).stdout).toBe(stdout);
    expect((await run(command, "-h", word)).stdout).toBe(stdout);
  });

  it("refuses an option that only others take, and names them", async () => {
    for (const option of whole.options.filter(({ long }) => page.options.every((one) => one.long !== long))) {
      const [command = "", word = ""] = name.split(" ");
      const value = option.required ? [option.argChoices?.[0] ?? "7"] : [];
      const { status, stdout, stderr } = await run(command, word, option.long ?? "", ...value);
      expect([status, stdout]).toEqual([64, ""]);
      expect(stderr).toContain(`error: ${option.long ?? ""} means nothing with ${name}\n`);
      const takers = cases
        .filter((one) => one.whole === whole && one.page.options.some(({ long }) => long === option.long))
        .map((one) => one.page.name().split(" ")[1] ?? "");
      const [said = ""] = /it goes with [^;]*; mailcert .* --help shows what it takes\n/.exec(stderr) ?? [];
      expect(
        said
          .replace(/;.*\n/, "")
          .split(/,? and |, | /)
          .slice(4),
      ).toEqual(takers);
      expect(said).toContain(`mailcert ${name} --help`);
    }
  });
});

it("the general help stays where no action is named, and in `help`", async () => {
  const { stdout } = await run("ca", "--help");
  expect(stdout).toMatch(/^Usage: mailcert ca \[options\] <action>/);
  expect((await run("help", "ca")).stdout).toBe(stdout);
  expect((await run("ca", "nonsense", "--help")).stdout).toBe(stdout);
  // Behind the end of the options it is a word.
  expect((await run("ca", "show", "--", "--help")).stderr).toContain('"--help"');
});

it("says in a document what an action does not take", async () => {
  const { status, stdout } = await run("ca", "revoke", "00aa11bb", "--json", "--root-key", "x");
  expect(status).toBe(64);
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      kind: "usage",
      message: "--root-key means nothing with ca revoke",
      hints: ["leave it out: it goes with ca rotate; mailcert ca revoke --help shows what it takes"],
    },
  });
});

it.each([
  [["ca", "show", "a", "b"], 'ca show takes one argument, and there is another: "b"'],
  [["ca", "client", "a@example.org", "b", "c"], 'ca client takes two arguments, and there is another: "c"'],
  [["config", "check", "a", "b"], 'config check takes one argument, and there is another: "b"'],
  [["account", "show", "a", "b"], 'account show takes one argument, and there is another: "b"'],
])("%j: there is too much", async (words, message) => {
  const { status, stderr } = await run(...words);
  expect([status, stderr.split("\n")[0]]).toEqual([64, `mailcert: error: ${message}`]);
});
