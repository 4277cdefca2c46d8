// Runs a server's own program and turns its complaints into a Failure that never shows a key.
import { Failure, type FailureKind } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { isEverybodys } from "../system/everybodys.ts";
import { exists } from "../system/exists.ts";
import type { RunOptions, RunProgram, RunResult } from "../system/run.ts";

/** A program's words without anything that could be a key: cut at the first PEM header. */
const withoutKeys = (text: string): string => text.replace(/-----BEGIN[\s\S]*/, "(left out)");

/** The first `fatal` line of what a server program printed (what follows is its consequence), else the first `error`, else the last line. */
export const complaint = (stderr: string): string => {
  const lines = withoutKeys(stderr)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const worst = lines.find((line) => /\b(fatal|panic)\b/i.test(line)) ?? lines.find((line) => /\berror\b/i.test(line));
  return clean(worst ?? lines.at(-1) ?? "it said nothing", 400);
};

const escaped = (text: string): string => text.replace(/[.+*?^${}()|[\]\\]/g, "\\$&");

/** Files with a line in them that words name: `/etc/x.conf:12`, `/etc/x.conf line 12`, `line 12 of configuration file /etc/x.conf`. */
const placesIn = (words: string): readonly { readonly path: string; readonly line: string }[] =>
  [
    ...words.matchAll(/(?<path>\/[^\s"'\]:,]+)["']?(?::| line )(?<line>\d+)/g),
    ...words.matchAll(/line (?<line>\d+) (?:of|in)(?: [a-z]+){0,2} ["']?(?<path>\/[^\s"'\]:,]+)/g),
  ].flatMap(({ groups: { path, line } = {} }) => (path && line ? [{ path, line }] : []));

/**
 * What a program says of a configuration, for a report, the state and the log, which others read: it quotes what it does not understand. Where not everybody can
 * read the files that it speaks of, the place alone. `files`: those that it was given.
 */
export const sayable = async (words: string, files: readonly string[]): Promise<string> => {
  const places = placesIn(words);
  for (const path of new Set([...files, ...places.map((one) => one.path)])) {
    if (!(await exists(path)) || (await isEverybodys(path))) continue;
    const [place] = places.filter((one) => files.includes(one.path));
    const named =
      place ??
      files.flatMap((file) =>
        new RegExp(`${escaped(file)}(?![\\w./-])`).test(words) ? [{ path: file, line: undefined }] : [],
      )[0];
    const at = named === undefined ? "" : `${named.path}${named.line === undefined ? "" : ` line ${named.line}`}, `;
    return `${at}in words that are left out here: not everybody may read ${path}`;
  }
  return words;
};

/** The result, or undefined where the program is not installed. */
export const runIfInstalled = async (
  run: RunProgram,
  program: string,
  args: readonly string[],
): Promise<RunResult | undefined> => {
  try {
    return await run(program, args);
  } catch (error) {
    if (error instanceof Failure && error.facts?.["code"] === "ENOENT") return undefined;
    throw error;
  }
};

/** Standard output of a program that must succeed. @throws Failure with its complaint (standard error only). */
export const output = async (
  run: RunProgram,
  program: string,
  args: readonly string[],
  kind: FailureKind = "config",
  options: RunOptions = {},
): Promise<string> => {
  const result = await run(program, args, options);
  if (result.status === 0) return result.stdout;
  throw new Failure(kind, `${program} ended with status ${result.status}: ${complaint(result.stderr)}`, {
    hints: [`run ${[program, ...args].join(" ")} to see it, mend the configuration, and run mailcert again`],
  });
};
