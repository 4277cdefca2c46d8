// Runs mailcert under strace with one fault: the process is killed at a system call, or the call fails.
import type { ChildResult } from "../../lab/child.ts";
import type { MailHost } from "../../lab/mail-host.ts";
import { type Point, pointName, pointsIn } from "./points.ts";

/** strace's own words for what happens: `signal=SIGKILL`, `error=ENOSPC`. */
export type Fault = "signal=SIGKILL" | `error=${string}`;

const record = "/run/sweep.strace";
const steady = "/opt/steady.cjs";
const program = ["node", "/opt/mailcert/bin/mailcert.js"];
/**
 * The pool of file work has one thread: strace counts per thread. Files and folders for a moment are numbered instead of named at random,
 * so that what is written in them can be counted, too.
 */
const env = { UV_THREADPOOL_SIZE: "1", NODE_OPTIONS: `--require=${steady}` };
const steadyNames = `
const files = require("node:fs/promises");
let made = 0;
files.mkdtemp = async (prefix) => {
  const path = prefix + "x-" + process.pid + "-" + (made += 1);
  await files.mkdir(path, 0o700);
  return path;
};
// The six bytes with which src/system/files.ts names what it writes beside a file.
const crypto = require("node:crypto");
const { randomBytes } = crypto;
crypto.randomBytes = (size, ...rest) => {
  if (size !== 6 || rest.length > 0) return randomBytes(size, ...rest);
  const number = Buffer.alloc(6);
  number.writeUIntBE((made += 1), 0, 6);
  return number;
};`;
/** Programs that mailcert starts are let go at their execve (-b). */
const following = ["-f", "-b", "execve", "-y", "-e", "signal=none", "-o", record];
const timeoutMs = 240_000;

/** What runs with a fault need on a host. */
export const readyForFaults = (host: MailHost): Promise<void> => host.write(steady, steadyNames);

/** A run without a fault, and the points in it. @throws Error when it does not end with 0. */
export const recordPoints = async (host: MailHost, args: readonly string[]): Promise<readonly Point[]> => {
  const traced = ["strace", ...following, "-e", "trace=%file,%desc,%process", ...program, ...args];
  await host.must(traced, { env, timeoutMs });
  return pointsIn(await host.read(record));
};

/** The process's own id is not known before it runs: one of the next ones, others may be given out in between. */
const withPath = `
  path=$1 pid=$$ paths=(); shift
  for ((next = pid + 1; next <= pid + 40; next++)); do paths+=(-P "\${path//PID/$next}"); done
  exec strace "\${paths[@]}" "$@"`;

export interface Injected extends ChildResult {
  /** The call at which it happened, as strace saw it. */
  readonly seen: string;
}

/** Whether the call is about the point's file, whatever the process's id. */
const isAt = ({ path }: Point, line: string): boolean =>
  path === undefined || line.includes(path.split("PID").at(-1) ?? path);

/** @throws Error when the fault did not happen. */
export const runWithFault = async (
  host: MailHost,
  args: readonly string[],
  point: Point,
  fault: Fault,
): Promise<Injected> => {
  const { call, path, nth } = point;
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:${fault}:when=${nth}`];
  const traced = [...following, ...inject, ...program, ...args];
  const command =
    path === undefined
      ? ["strace", ...traced]
      : path.includes("PID")
        ? ["bash", "-c", withPath, "sweep", path, ...traced]
        : ["strace", "-P", path, ...traced];
  const result = await host.exec(command, { env, timeoutMs });
  const lines = (await host.read(record)).trim().split("\n");
  // strace ends as what it traced did; the call at which it happened has no result any more.
  const cut = lines.filter((line) => line.includes(` ${call}(`) && /(= \?|<unfinished \.\.\.>)$/.test(line));
  const killed = result.signal === "SIGKILL" || result.status === 137;
  const seen =
    fault === "signal=SIGKILL" ? (killed ? cut.at(-1) : undefined) : lines.find((line) => line.includes("(INJECTED)"));
  if (seen === undefined || !isAt(point, seen))
    throw new Error(
      `${pointName(point)}: ${fault} did not happen there\n${result.stdout}${result.stderr}${result.status} ${result.signal}\n${lines.slice(-3).join("\n")}`,
    );
  return { ...result, seen };
};
