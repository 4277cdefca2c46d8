// A problem of the configuration with its place, and how problems become one failure.
import type { ConfigProblem } from "../domain/config-problem.ts";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";

export type Problem = ConfigProblem;

/** A configuration file as it was read. Files are handed in in the order in which they count. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** `/etc/mailcert/mailcert.yaml:3:5: unknown key "isuer"` */
export const problemLine = (problem: Problem): string =>
  `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;

/** In the order of the files, then by line and column. */
export const sortProblems = (problems: readonly Problem[], files: readonly ConfigFile[]): readonly Problem[] => {
  const order = new Map(files.map((file, index) => [file.path, index]));
  const rank = (problem: Problem): number => order.get(problem.file) ?? files.length;
  return [...problems].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
};

/** A word of somebody's file, fit to be quoted in a message. */
export const quoted = (text: string): string => `"${clean(text, 60)}"`;

/** Every problem at once, as the one failure (78) that a command without a valid configuration ends with. */
export const configFailure = (problems: readonly Problem[]): Failure => {
  const [first] = problems;
  if (first !== undefined && problems.length === 1) {
    return new Failure("config", problemLine(first), {
      hints: first.hint === undefined ? [] : [first.hint],
      facts: { problems },
    });
  }
  const lines = problems.flatMap((problem) => [
    `  ${problemLine(problem)}`,
    ...(problem.hint === undefined ? [] : [`    ${problem.hint}`]),
  ]);
  return new Failure("config", [`the configuration has ${problems.length} problems:`, ...lines].join("\n"), {
    facts: { problems },
  });
};
