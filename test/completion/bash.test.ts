// What the script for bash puts onto the line when names are not what they should be: always text, never a command. No terminal: readline's part is in test/e2e/completion.test.ts.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../templates/completion.bash", import.meta.url));
let dir = "";
let work = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-bash-"));
  work = join(dir, "work");
  mkdirSync(work);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs `commands` behind a completion of the last of `words`, as bash takes them apart; `answers` are mailcert's lines. */
const completed = (words: readonly string[], line: string, answers: readonly string[], commands: string): string => {
  writeFileSync(join(dir, "answers"), answers.map((one) => `${one}\n`).join(""));
  writeFileSync(join(dir, "mailcert"), `#!/bin/sh\ncat '${dir}/answers'\n`);
  chmodSync(join(dir, "mailcert"), 0o755);
  const before =
    'compopt() { :; }; . "$1"; COMP_LINE=$2; COMP_POINT=${#2}; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mailcert';
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-c", `${before}\n${commands}`, "bash", script, line, ...words],
    {
      cwd: work,
      encoding: "utf8",
      env: { HOME: work, PATH: `${dir}:${String(process.env["PATH"])}`, COMP_WORDBREAKS: " \t\n\"'><=;|&(:" },
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
};

const replies = (words: readonly string[], line: string, answers: readonly string[]): readonly string[] =>
  completed(words, line, answers, 'printf "%s\\0" "${COMPREPLY[@]}"')
    .split("\0")
    .filter((one) => one !== "");

const hostile = ["$(id>pwned)", "`id>pwned`", 'a"; id>pwned; "', "a'; id>pwned; '", "a;id>pwned", "a\\", "!!", "a b"];

it("files: as they stand on the line, bash takes each for one word, and runs nothing", () => {
  for (const name of hostile) writeFileSync(join(work, name), "");
  const back = 'for one in "${COMPREPLY[@]:1}"; do eval "set -- $one"; printf "%s\\0" "$#$1"; done';
  const named = completed(
    ["mailcert", "verify", "--expect", ""],
    "mailcert verify --expect ",
    ["word\tlive\t", "files"],
    back,
  );
  expect(named.split("\0").slice(0, -1).toSorted()).toEqual(hostile.map((name) => `1${name}`).toSorted());
  expect(readdirSync(work)).not.toContain("pwned");
});

it.each([
  ["an open quote", ["mailcert", "verify", "--expect", '"'], 'mailcert verify --expect "'],
  ["an open quote behind a sign", ["mailcert", "verify", "--expect", "=", '"'], 'mailcert verify --expect="'],
])("files behind %s: only those that are text there", (_where, words, line) => {
  for (const name of [...hostile, "plain.pem"]) writeFileSync(join(work, name), "");
  const head = line.includes("=") ? "--expect=" : "";
  const offered = replies(words, line, [`word\t${head}live\t`, "files"]);
  expect(offered.toSorted()).toEqual(["a b", "a;id>pwned", "live", "plain.pem"]);
});

it("files: what stands on the line already stays, a home folder and a sign of its own too", () => {
  mkdirSync(join(work, "in"));
  writeFileSync(join(work, "in/a b:c"), "");
  expect(
    replies(["mailcert", "verify", "--expect", "~/in/a\\ b"], "mailcert verify --expect ~/in/a\\ b", [
      "word\t~/in/a bx\t",
      "files",
    ]),
  ).toEqual(["\\~/in/a\\ bx", "~/in/a\\ b:c"]);
  expect(replies(["mailcert", "x", "in/a\\ b", ":"], "mailcert x in/a\\ b:", ["word\tin/a b:d\t", "files"])).toEqual([
    "d",
    "c",
  ]);
});

it.each([
  ["renew", "", ["\\$\\(id\\>pwned\\)", "a\\;id", "mail.example.org"]],
  ["renew", '"', ["a;id", "mail.example.org"]],
  ["renew", "'", ["a;id", "mail.example.org"]],
  // A quote that is closed again holds nothing any more.
  ["renew", '"a"', ["a\\;id"]],
])("names behind %s %s", (command, typed, offered) => {
  const answers = ["$(id>pwned)", "a;id", "mail.example.org"].map((word) => `word\t${word}\t`);
  expect(replies(["mailcert", command, typed], `mailcert ${command} ${typed}`, answers)).toEqual(offered);
});
