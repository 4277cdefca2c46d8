// Runs mailcert under strace with one fault: the process is killed at a system call, or the call fails.
import type { ChildResult } from "../../lab/child.ts";
import type { MailHost } from "../../lab/mail-host.ts";
import { type Point, changing, pointName, pointsIn, starting } from "./points.ts";

/** strace's own words for what happens: `signal=SIGKILL`, `error=ENOSPC`. */
export type Fault = "signal=SIGKILL" | `error=${string}`;

const record = "/run/sweep.strace";
const program = ["node", "/opt/mailcert/bin/mailcert.js"];
/** The pool of file work has one thread: strace counts per thread. Programs that mailcert starts are let go at their execve (-b). */
const oneThread = { UV_THREADPOOL_SIZE: "1" };
const following = ["-f", "-b", "execve", "-y", "-e", "signal=none", "-o", record];
const timeoutMs = 240_000;

/** A run without a fault, and the points in it. @throws Error when it does not end with 0. */
export const recordPoints = async (
  host: MailHost,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Point[]> => {
  const calls = [...changing, ...starting].map((call) => `?${call}`).join(",");
  await host.must(["strace", ...following, "-e", `trace=${calls}`, ...program, ...args], {
    env: { ...oneThread, ...env },
    timeoutMs,
  });
  return pointsIn(await host.read(record));
};

/** The process's own id is not known before it runs: one of the next ones, others may be given out in between. */
const withPath = `
  before=$1 after=$2; shift 2
  pid=$$ paths=
  for next in $(seq $((pid + 1)) $((pid + 40))); do paths="$paths -P $before$next$after"; done
  exec strace $paths "$@"`;

export interface Injected extends ChildResult {
  /** The call at which it happened, as strace saw it. */
  readonly seen: string;
}

/** @throws Error when the fault did not happen. */
export const runWithFault = async (
  host: MailHost,
  args: readonly string[],
  point: Point,
  fault: Fault,
  env: Readonly<Record<string, string>> = {},
): Promise<Injected> => {
  const { call, path, nth } = point;
  const traced = [
    ...following,
    "-e",
    `trace=${call}`,
    "-e",
    `inject=${call}:${fault}:when=${nth}`,
    ...program,
    ...args,
  ];
  const [before = "", after] = path?.split("PID") ?? [];
  const command =
    path === undefined
      ? ["strace", ...traced]
      : after === undefined
        ? ["strace", "-P", path, ...traced]
        : ["sh", "-c", withPath, "sweep", before, after, ...traced];
  const result = await host.exec(command, { env: { ...oneThread, ...env }, timeoutMs });
  const lines = (await host.read(record)).trim().split("\n");
  const seen = lines.filter((line) => line.includes("(INJECTED)"));
  // strace ends as what it traced did; the call at which it happened has no result any more.
  const cut = lines.filter((line) => line.includes(` ${call}(`) && /(= \?|<unfinished \.\.\.>)$/.test(line));
  const killed = result.signal === "SIGKILL" || result.status === 137;
  const fired = fault === "signal=SIGKILL" ? killed && cut.length > 0 : seen.length > 0;
  if (!fired)
    throw new Error(
      `${pointName(point)}: ${fault} did not happen\n${result.stdout}${result.stderr}${result.status} ${result.signal}\n${lines.slice(-3).join("\n")}`,
    );
  return { ...result, seen: seen[0] ?? cut.at(-1) ?? "" };
};
