// The points of a run at which a fault is put in: every system call that changes a file, and every start of a program, read from strace's record of a run without faults.
import { changing, expectKnown, starting } from "./calls.ts";

export interface Point {
  /** As strace names it: `rename`, `fsync`, `clone`. */
  readonly call: string;
  /** The file by which strace is to count; PID stands for the process's own id. Undefined: such calls are counted whatever they are about. */
  readonly path?: string;
  /** The how-manyth of them in its thread, from 1. */
  readonly nth: number;
  /** For people: the file. */
  readonly about: string;
}

/** The test's own devices are no files of the host, nor are pipes and sockets. */
const ownFile = /^\/(etc|var|run|usr|home|opt|tmp|root)\//;

/** Every file that the call names, by path or descriptor (strace -y): strace -P counts it for each of them. What is written is no name. */
const filesOf = (call: string, args: string): readonly string[] => {
  const named = /^(p?write|send)/.test(call) ? args.split(", ")[0] : args;
  const found = [...(named ?? "").matchAll(/\d+<([^>]*)>|"((?:[^"\\]|\\.)*)"(?!\.\.\.)/g)];
  return found.map(([, descriptor, path]) => descriptor ?? path ?? "").filter((path) => ownFile.test(path));
};

/** What is changed: of a rename, where it comes from; of a link or a copy, what is made. */
const changedBy = (call: string, files: readonly string[]): string | undefined =>
  /^(sym)?link|^copy/.test(call) ? files.at(-1) : files[0];

/** Node makes these for its own ends as well, so that only those on one file can be counted. */
const noisy = /^(open|write|pwrite|creat)/;

const counter = (): ((...key: readonly string[]) => number) => {
  const counted = new Map<string, number>();
  return (...key) => {
    const next = (counted.get(key.join(" ")) ?? 0) + 1;
    counted.set(key.join(" "), next);
    return next;
  };
};

/** `record`: what `strace -f -b execve -y -e trace=%file,%desc,%process -o` wrote of a whole run; every line starts with a thread id. */
export const pointsIn = (record: string): readonly Point[] => {
  const lines = record.split("\n");
  // Names of temporary files carry the process's own id, which is its first thread's.
  const pid = lines[0]?.split(" ")[0] ?? "";
  const count = counter();
  const threadOf = new Map<string, string>();
  const points: Point[] = [];
  for (const line of lines) {
    const [, thread = "", call = "", args = ""] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (call === "") continue;
    expectKnown(call, args);
    const nth = count(thread, call);
    // A thread of Node's is no program; it still takes a number of its own where threads start by the same call.
    if (starting.has(call) && !args.includes("CLONE_THREAD") && thread === pid)
      points.push({ call, nth, about: "a program" });
    if (!changing.has(call)) continue;
    const files = filesOf(call, args);
    const counts = new Map([...new Set(files)].map((file) => [file, count(thread, call, file)]));
    const changed = changedBy(call, files);
    if (changed === undefined) continue;
    if (call.startsWith("open") && !/O_(CREAT|WRONLY|RDWR|TRUNC|TMPFILE)/.test(args)) continue;
    const path = changed.replaceAll(`-${pid}-`, "-PID-");
    // Numbers of generations go up from run to run.
    const numbered = /\/generations\/\d/.test(path);
    if (numbered && noisy.test(call))
      throw new Error(`a generation is changed after it was renamed into place: ${line}`);
    const point = numbered ? { call, nth, about: path } : { call, path, nth: counts.get(changed) ?? 1, about: path };
    const name = pointName(point);
    // strace counts for each thread: the same number in two would be one point that is tried twice and one that never is.
    if ((threadOf.get(name) ?? thread) !== thread) throw new Error(`two threads have the point ${name}`);
    threadOf.set(name, thread);
    points.push(point);
  }
  return points;
};

export const pointName = ({ call, about, nth }: Point): string => `${call} ${nth} (${about})`;
