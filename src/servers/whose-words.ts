// Whether what a process says of itself may name files that root reads or runs. Its name, its words and its environment are memory of its own (and anybody
// may start a program by any name): whose it is, the kernel says.
import { readlink, realpath, stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { type DoubtedServer, doubtWords } from "../domain/stopped-server.ts";
import { isEverybodys } from "../system/everybodys.ts";
import { readTextIfPresent } from "../system/files.ts";
import { type Reader, openAs } from "../system/open-as.ts";
import { programFile } from "../system/program-file.ts";
import { offenceOnTheWay } from "../system/root-only.ts";
import type { RunProgram } from "../system/run.ts";

/** `proc`: where the kernel tells of processes; `fileOf`: the file of a program. Other ones are for tests. */
export interface Kernel {
  readonly proc: string;
  readonly fileOf: (program: string) => Promise<string | undefined>;
}

const here: Kernel = { proc: "/proc", fileOf: programFile };

/** The user whose process it is, in all of the kernel's ids; undefined: they differ (a setuid program that somebody started), or it has ended. */
export const userOf = async (pid: number, { proc }: Pick<Kernel, "proc"> = here): Promise<number | undefined> => {
  const status = (await readTextIfPresent(`${proc}/${pid}/status`).catch(() => undefined)) ?? "";
  const [real, ...others] = /^Uid:\s+(\d.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
  return real !== undefined && others.length === 3 && others.every((one) => one === real) ? Number(real) : undefined;
};

const gone = " (deleted)";
const unseen = "";
const setIds = 0o6000;

/**
 * It is the very file that a run would start, or was until a package brought a new one (proc_pid_exe(5)); or another one of root's (a wrapper stands first in
 * PATH, or it was started from /opt) whose mode gives nobody else root's ids.
 */
const isProgram = async (program: string, pid: number, { proc, fileOf }: Kernel): Promise<boolean> => {
  const file = await fileOf(program);
  const exe = `${proc}/${pid}/exe`;
  const [ours, theirs, name] = await Promise.all([
    file === undefined ? undefined : stat(file).catch(() => undefined),
    stat(exe).catch(() => undefined),
    readlink(exe).catch((error: NodeJS.ErrnoException) => (error.code === "EACCES" ? unseen : undefined)),
  ]);
  // Who is not root may not look, and runs nothing as root either.
  if (name === unseen && process.geteuid?.() !== 0) return true;
  if (!theirs || name === undefined || (theirs.mode & setIds) !== 0) return false;
  if ((ours && ours.dev === theirs.dev && ours.ino === theirs.ino) || name === `${file}${gone}`) return true;
  const path = name.endsWith(gone) ? name.slice(0, -gone.length) : name;
  return theirs.uid === 0 && path.startsWith("/") && (await offenceOnTheWay(path).catch(() => true)) === undefined;
};

/** Root started it, and it is that program: its words are root's. `sudo`, waiting for a password, is root's in all ids as well, by any name and with any words. */
export const isRoots = async (program: string, pid: number, kernel: Kernel = here): Promise<boolean> =>
  (await userOf(pid, kernel)) === 0 && (await isProgram(program, pid, kernel));

/**
 * Files there are often root's with other people's words in them: /proc/PID/cmdline of a setuid program, logs, what a service keeps. Nobody keeps a
 * configuration there.
 */
const othersWords = /^\/(?:proc|sys|dev|run|tmp|var)(?:\/|$)/;

/** Only root can change it, all its way, and wrote it. One that is not there is nobody's. What stands in it may be for root's eyes: that is `isConfiguration`'s to ask. */
export const isRootsFile = async (path: string, seen: Set<string> = new Set()): Promise<boolean> => {
  if (!path.startsWith("/")) return false;
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || othersWords.test(path) || othersWords.test(real)) return false;
  return (await offenceOnTheWay(path, seen).catch(() => true)) === undefined;
};

/** As whom the kernel lets a process read: its groups are those that it has, not those of its user. */
const readerOf = async (pid: number, { proc }: Pick<Kernel, "proc">): Promise<Reader | undefined> => {
  const uid = await userOf(pid, { proc });
  const status = (await readTextIfPresent(`${proc}/${pid}/status`).catch(() => undefined)) ?? "";
  const gid = /^Gid:\s+\d+\s+(\d+)/m.exec(status)?.[1];
  if (uid === undefined || gid === undefined) return undefined;
  const groups = /^Groups:[^\S\n]*(.*)$/m.exec(status)?.[1] ?? "";
  return {
    user: String(uid),
    group: gid,
    groups: groups
      .split(/\s+/)
      .filter((one) => one !== "")
      .map(Number),
  };
};

/** A file of root's that words name which are nobody's own. */
export interface Named {
  readonly path: string;
  readonly pid: number;
  /** The first line of it that says something is one of such a configuration. */
  readonly begins: RegExp;
  /** Where root keeps such configurations, whoever can read them; absent: nowhere. */
  readonly home?: string;
}

/** Of bytes: it is read whole. */
const largest = 64 << 20;

const beginsAs = (text: string, begins: RegExp): boolean => {
  const line = text.split("\n").find((one) => !/^\s*(?:[#;.]|$)/.test(one));
  return line === undefined || begins.test(line);
};

/**
 * Root may run its own program on it: that program says aloud what it does not understand, and the file may be one of root's secrets. The process could have read
 * it itself, and it begins as such a configuration does: looked at by us.
 */
export const isConfiguration = async (
  run: RunProgram,
  { path, pid, begins, home }: Named,
  kernel: Pick<Kernel, "proc"> = here,
): Promise<boolean> => {
  const real = await realpath(path).catch(() => undefined);
  const facts = real === undefined ? undefined : await stat(real).catch(() => undefined);
  if (real === undefined || facts?.isFile() !== true || facts.size > largest) return false;
  if (!(home !== undefined && real.startsWith(`${home}/`)) && !(await isEverybodys(real))) {
    const reader = await readerOf(pid, kernel);
    const [opened] = reader === undefined ? [] : await openAs(run, reader, [real]);
    if (opened?.kind !== "open") return false;
  }
  const text = await readTextIfPresent(real).catch(() => undefined);
  return text !== undefined && beginsAs(text, begins);
};

/** A file that the words of a process name by its whole path: undefined where neither they nor it are root's, or it is no configuration of that program's. */
export const believedFile = async (
  run: RunProgram,
  program: string,
  { path, ...named }: Omit<Named, "path"> & { readonly path: string | undefined },
): Promise<string | undefined> => {
  if (!path?.startsWith("/")) return undefined;
  if (await isRoots(program, named.pid)) return path;
  return (await isRootsFile(path)) && (await isConfiguration(run, { path, ...named })) ? path : undefined;
};

/** The account that is called as the program is root's word, too: the one of a process that is started without root's rights, in a container or by a supervisor. */
export const isOfAccount = async (run: RunProgram, pid: number, names: readonly string[]): Promise<boolean> => {
  const uid = await userOf(pid);
  if (uid === undefined || uid === 0) return false;
  for (const name of names) if ((await run("id", ["-u", "--", name])).stdout.trim() === String(uid)) return true;
  return false;
};

/** A process that listens where the configuration says. */
export type Doubt = DoubtedServer;

/** Nobody makes it read anything. */
export const refuseDoubted = (name: string, doubt: Doubt): never => {
  throw new Failure("unavailable", doubtWords(name, doubt), {
    hints: [`${doubt.mend}; until then it has to be reloaded by hand after each renewal`],
  });
};
