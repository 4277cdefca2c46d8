// One run at a time per state folder: flock(1) on a descriptor that this process keeps open, so that the kernel frees it.
import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { longRunMs } from "../domain/long-run.ts";
import { clean } from "../domain/text.ts";
import { ensureFolder, fileFailure } from "../system/files.ts";
import { flock } from "../system/flock.ts";
import type { RunProgram } from "../system/run.ts";
import { markLayout, refuseNewerLayout } from "./layout.ts";
import type { Lock } from "./store.ts";

interface LockRequest {
  readonly dir: string;
  readonly run: RunProgram;
  readonly pid: number;
  /** Shown to whoever comes second. */
  readonly command: string;
  readonly now: () => Date;
  /** This program's, to be remembered in the folder. */
  readonly version: string | undefined;
}

export const takeLock = async ({ dir, run, pid, command, now, version }: LockRequest): Promise<Lock> => {
  refuseNewerLayout(dir);
  await ensureFolder(dir, 0o755);
  const path = join(dir, "lock");
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw fileFailure(error, "open", path);
  }
  try {
    if (!(await flock(run, descriptor, path))) throw await busy(descriptor, path, now());
    // Whoever can open it can hold it: an earlier version left it readable by everybody.
    fchmodSync(descriptor, 0o600);
    // A newer version may have worked here since it was looked at.
    refuseNewerLayout(dir);
    const cutShort = firstLine(descriptor) !== "";
    write(descriptor, `${pid} ${clean(command, 200)} since ${now().toISOString()}\n`, path);
    if (version !== undefined) await markLayout(dir, version);
    return { cutShort, release: () => release(descriptor) };
  } catch (error) {
    closeSync(descriptor);
    if (error instanceof Failure && error.facts?.["code"] === "ENOENT") {
      throw new Failure("unavailable", "the program flock is not installed", {
        hints: ["install the package util-linux"],
      });
    }
    throw error;
  }
};

/** An empty line says that nobody was cut short, and keeps the room for the next one's on a full disk; one that cannot be taken away costs the next run a look around. */
const release = (descriptor: number): void => {
  try {
    ftruncateSync(descriptor, writeSync(descriptor, "\n", 0));
  } catch {
    // The disk is read-only by now.
  } finally {
    closeSync(descriptor);
  }
};

/** Never empty in between: a run that is killed here still counts as cut short. */
const write = (descriptor: number, text: string, path: string): void => {
  try {
    ftruncateSync(descriptor, writeSync(descriptor, text, 0));
  } catch (error) {
    throw fileFailure(error, "write", path);
  }
};

const firstLine = (descriptor: number): string => {
  const buffer = Buffer.alloc(400);
  const size = readSync(descriptor, buffer, 0, buffer.length, 0);
  return buffer.toString("utf8", 0, size).split("\n")[0] ?? "";
};

/** Who holds it, as far as the file tells: a holder writes its line right after it got the lock. */
const readHolder = async (descriptor: number): Promise<{ readonly pid: string; readonly what: string } | undefined> => {
  const [, pid, what = ""] = /^(\d+) (.*)$/.exec(firstLine(descriptor)) ?? [];
  // The line of a run that was killed is still there until the next one writes its own.
  const { holdsOpen } = await import("../system/holds-open.ts");
  return pid === undefined || !holdsOpen(pid, fstatSync(descriptor)) ? undefined : { pid, what };
};

/** By its line; where that is not to be had, by when it was written. The holder may be of another container, whose processes nobody sees here. */
const heldSince = (descriptor: number): Date => {
  const at = Date.parse(/ since (\S+)$/.exec(firstLine(descriptor))?.[1] ?? "");
  return Number.isNaN(at) ? fstatSync(descriptor).mtime : new Date(at);
};

const hangingHints = (pid: string | undefined, path: string): readonly string[] => [
  pid === undefined
    ? `which process it is: lsof ${path}; it may be in another container that shares this folder`
    : `what it waits for: ps -o pid,etime,wchan:20,args -p ${pid}; pgrep -laP ${pid}`,
  `it does no harm to end it, and the next run goes on from there: kill ${pid ?? "PID"}`,
];

const busy = async (descriptor: number, path: string, now: Date): Promise<Failure> => {
  let known = await readHolder(descriptor);
  for (let tries = 0; known === undefined && tries < 20; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    known = await readHolder(descriptor);
  }
  const pid = known?.pid;
  const since = heldSince(descriptor);
  const long = now.getTime() - since.getTime() > longRunMs;
  const holder = known === undefined ? "another run" : `process ${known.pid} (${clean(known.what, 250)})`;
  return new Failure("try-later", `another mailcert is at work: ${holder} holds ${path}`, {
    hints: long ? hangingHints(pid, path) : ["wait until it has ended and run this again"],
    facts: { ...(pid === undefined ? {} : { pid: Number(pid) }), ...(long ? { heldSince: since.toISOString() } : {}) },
  });
};
