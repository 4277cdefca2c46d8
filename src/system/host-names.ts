// What this host calls itself: first as its Postfix does, then by its own full name.
import { hostname } from "node:os";
import type { RunProgram } from "./run.ts";

/** A resolver that is slow to answer `hostname -f` is not waited for. */
const timeoutMs = 2_000;

const firstLine = async (run: RunProgram, program: string, args: readonly string[]): Promise<readonly string[]> => {
  try {
    const { status, stdout } = await run(program, args, { timeoutMs, maxOutput: 4096 });
    const line = stdout.split("\n")[0]?.trim() ?? "";
    return status === 0 && line !== "" ? [line] : [];
  } catch {
    // Not installed, or without an answer: the next one is asked.
    return [];
  }
};

/** As they were said, the best one first; any of them may be no name that a certificate can carry. */
export const hostNames = async (run: RunProgram): Promise<readonly string[]> => {
  const [ofMail, full] = await Promise.all([
    firstLine(run, "postconf", ["-h", "myhostname"]),
    firstLine(run, "hostname", ["-f"]),
  ]);
  return [...new Set([...ofMail, ...full, hostname()])];
};
