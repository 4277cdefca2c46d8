// Whether what a process says of itself may name files that root reads or runs. Its name, its words and its environment are memory of its own (and anybody
// may start a program by any name): whose it is, the kernel says.
import { readlink, realpath, stat } from "node:fs/promises";
import { readTextIfPresent } from "../system/files.ts";
import { programFile } from "../system/program-file.ts";
import { offenceOnTheWay } from "../system/root-only.ts";

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
const setIds = 0o6000;

/** It is the very file that a run would start, or was until a package brought a new one (proc_pid_exe(5)). */
const isProgram = async (program: string, pid: number, { proc, fileOf }: Kernel): Promise<boolean> => {
  const file = await fileOf(program);
  const exe = `${proc}/${pid}/exe`;
  const [ours, theirs, name] = await Promise.all([
    file === undefined ? undefined : stat(file).catch(() => undefined),
    stat(exe).catch(() => undefined),
    readlink(exe).catch(() => undefined),
  ]);
  if (!ours || !theirs || (theirs.mode & setIds) !== 0) return false;
  return (ours.dev === theirs.dev && ours.ino === theirs.ino) || name === `${file}${gone}`;
};

/** Root started it, and it is that program: its words are root's. `sudo`, waiting for a password, is root's in all ids as well, by any name and with any words. */
export const isRoots = async (program: string, pid: number, kernel: Kernel = here): Promise<boolean> =>
  (await userOf(pid, kernel)) === 0 && (await isProgram(program, pid, kernel));

/**
 * Files there are often root's with other people's words in them: /proc/PID/cmdline of a setuid program, logs, what a service keeps. Nobody keeps a
 * configuration there.
 */
const othersWords = /^\/(?:proc|sys|dev|run|tmp|var)(?:\/|$)/;

/** What root may read whoever names it: only root can change it, all its way, and wrote it. One that is not there is nobody's. */
export const isRootsFile = async (path: string, seen: Set<string> = new Set()): Promise<boolean> => {
  if (!path.startsWith("/")) return false;
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || othersWords.test(path) || othersWords.test(real)) return false;
  return (await offenceOnTheWay(path, seen).catch(() => true)) === undefined;
};

/** A file that the words of a process name by its whole path: undefined where neither they nor it are root's. */
export const believedFile = async (
  path: string | undefined,
  program: string,
  pid: number,
): Promise<string | undefined> =>
  path?.startsWith("/") && ((await isRoots(program, pid)) || (await isRootsFile(path))) ? path : undefined;
