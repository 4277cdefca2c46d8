// Runs a server's own program and turns its complaints into a Failure that never shows a key.
import { Failure, type FailureKind } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
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
