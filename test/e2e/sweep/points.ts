// The points of a run at which a fault is put in: every system call that changes a file, and every start of a program, read from strace's record of a run without faults.

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

/** Calls that change a file system, and those that start a process; strace 6 knows them all on x86-64 and, with the "?", on arm64. */
export const changing = [
  "open openat creat write pwrite64 writev pwritev rename renameat renameat2 symlink symlinkat unlink unlinkat rmdir mkdir mkdirat",
  "chmod fchmod fchmodat chown fchown lchown fchownat fsync fdatasync ftruncate truncate link linkat utimensat setxattr lsetxattr fsetxattr",
]
  .join(" ")
  .split(" ");
export const starting = ["clone", "clone3", "fork", "vfork"];

/** The test's own devices are no files of the host, nor are pipes and sockets. */
const ownFile = /^\/(etc|var|run|usr|home|opt|tmp)\//;

/** What the call is about: the descriptor's path (strace -y), else the first path among the arguments: of a rename, where it comes from. */
const pathOf = (call: string, args: string): string | undefined => {
  const descriptor = /^\d+<([^>]*)>/.exec(args)?.[1];
  const named = /^(p?write|writev|pwritev)/.test(call) ? undefined : /"((?:[^"\\]|\\.)*)"(?!\.\.\.)/.exec(args)?.[1];
  const path = call === "symlink" ? [...args.matchAll(/"([^"]*)"/g)].at(-1)?.[1] : (named ?? descriptor);
  return path !== undefined && ownFile.test(path) ? path : undefined;
};

/** Node makes these for its own ends as well, so that only those on one file can be counted. */
const noisy = /^(open|write|pwrite|creat)/;

/** `record`: what `strace -f -b execve -y -o` wrote of a whole run; every line starts with a thread id. */
export const pointsIn = (record: string): readonly Point[] => {
  const lines = record.split("\n");
  // Names of temporary files carry the process's own id, which is its first thread's.
  const pid = lines[0]?.split(" ")[0] ?? "";
  const counted = new Map<string, number>();
  const count = (...key: readonly string[]): number => {
    const next = (counted.get(key.join(" ")) ?? 0) + 1;
    counted.set(key.join(" "), next);
    return next;
  };
  const points: Point[] = [];
  for (const line of lines) {
    const [, thread = "", call = "", args = ""] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (starting.includes(call)) {
      // A thread of Node's is no program; it still takes a number of its own where threads start by the same call.
      const nth = count(thread, call);
      if (!args.includes("CLONE_THREAD") && thread === pid) points.push({ call, nth, about: "a program" });
    }
    if (!changing.includes(call)) continue;
    const found = pathOf(call, args);
    const nth = count(thread, call);
    if (found === undefined) continue;
    const path = found.replaceAll(`.mailcert-${pid}-`, ".mailcert-PID-");
    const ofPath = count(thread, call, path);
    if (call.startsWith("open") && !/O_(CREAT|WRONLY|RDWR|TRUNC)/.test(args)) continue;
    // Numbers of generations go up from run to run, and folders for a moment are named at random: a program's private copies, which nobody else reads.
    const numbered = /\/generations\/\d|^\/tmp\//.test(path);
    if (path.startsWith("/tmp/") && noisy.test(call)) continue;
    if (numbered && noisy.test(call))
      throw new Error(`a generation is changed after it was renamed into place: ${line}`);
    points.push(numbered ? { call, nth, about: path } : { call, path, nth: ofPath, about: path });
  }
  return points;
};

export const pointName = ({ call, about, nth }: Point): string => `${call} ${nth} (${about})`;
