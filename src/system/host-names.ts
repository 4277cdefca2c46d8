// What this host calls itself: first as its Postfix does, then by its own full name.
import { hostname } from "node:os";
import { publicHost } from "../domain/public-host.ts";
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

export interface HostNames {
  /** What it calls itself. */
  readonly own: string;
  /** The best one that a certificate could be for; absent: none. */
  readonly proposed?: string;
}

export const hostNames = async (run: RunProgram): Promise<HostNames> => {
  const [ofMail, full] = await Promise.all([
    firstLine(run, "postconf", ["-h", "myhostname"]),
    firstLine(run, "hostname", ["-f"]),
  ]);
  const own = hostname();
  const proposed = publicHost([...ofMail, ...full, own]);
  return { own, ...(proposed === undefined ? {} : { proposed }) };
};
