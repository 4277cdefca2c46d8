// A RunProgram that answers from a table, and remembers what it was asked.
import { Failure } from "../../src/domain/failure.ts";
import type { RunProgram, RunResult } from "../../src/system/run.ts";

export interface FakeRun {
  readonly run: RunProgram;
  readonly asked: string[];
}

/** Keys are `program arg arg`; a program that is in no key is not installed. */
export const fakeRun = (answers: Readonly<Record<string, string | Partial<RunResult>>>): FakeRun => {
  const asked: string[] = [];
  const run: RunProgram = async (program, args) => {
    const line = [program, ...args].join(" ");
    asked.push(line);
    if (!Object.keys(answers).some((key) => key.split(" ")[0] === program)) {
      throw new Failure("unavailable", `${program} is not installed`, { facts: { code: "ENOENT" } });
    }
    const answer = answers[line];
    if (answer === undefined) throw new Error(`nobody expected: ${line}`);
    return { status: 0, stdout: "", stderr: "", ...(typeof answer === "string" ? { stdout: answer } : answer) };
  };
  return { run, asked };
};
