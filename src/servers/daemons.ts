// Finds daemons among the processes of this host: for servers whose pid file is missing, or named on their command line alone.
import { readdir, readlink } from "node:fs/promises";
import { bootedAt } from "../system/booted-at.ts";
import { readTextIfPresent } from "../system/files.ts";
import { commandLine } from "./command-line.ts";

const read = async (pid: string, file: string): Promise<string> =>
  (await readTextIfPresent(`/proc/${pid}/${file}`).catch(() => undefined)) ?? "";

/** Containers have namespaces of their own; what runs in them is not this host's. */
const spaceOf = (pid: string): Promise<string | undefined> => readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);

/** Its children, one for each connection or worker, have the same name and words. */
const parentOf = async (pid: string): Promise<string> => /^PPid:\s*(\d+)$/m.exec(await read(pid, "status"))?.[1] ?? "";

/** `name`: as the kernel knows it (`/proc/PID/comm`). Those of that name that `isDaemon` knows by their words, and that no other of them started; lowest id first. */
export const daemonsCalled = async (
  name: string,
  isDaemon: (words: readonly string[]) => boolean = () => true,
): Promise<readonly number[]> => {
  const here = await spaceOf("self");
  const daemons: string[] = [];
  for (const pid of (await readdir("/proc").catch(() => [])).filter((entry) => /^\d+$/.test(entry))) {
    if ((await read(pid, "comm")).trim() !== name || (await spaceOf(pid)) !== here) continue;
    if (isDaemon(await commandLine(Number(pid)))) daemons.push(pid);
  }
  const first: number[] = [];
  for (const pid of daemons) if (!daemons.includes(await parentOf(pid))) first.push(Number(pid));
  return first.toSorted((a, b) => a - b);
};

/** Whether a process of that name was started by this one: a master with workers. */
export const hasChildCalled = async (pid: number, name: string): Promise<boolean> => {
  const children = (await read(String(pid), `task/${pid}/children`)).split(/\s+/).filter((child) => child !== "");
  for (const child of children) if ((await read(child, "comm")).trim() === name) return true;
  return false;
};

/** Milliseconds since the epoch, to a few hundredths of a second; undefined: it has ended. Ticks are hundredths of a second for every program of Linux (proc_pid_stat(5)). */
export const startedAt = async (pid: number): Promise<number | undefined> => {
  const ticks = (await read(String(pid), "stat")).replace(/^.*\)/s, "").trim().split(" ")[19];
  const boot = bootedAt();
  return ticks === undefined || boot === undefined ? undefined : boot + Number(ticks) * 10;
};

/** As whom a process works (its effective ids); undefined: it has ended. */
export const identityOf = async (pid: number): Promise<{ readonly uid: number; readonly gid: number } | undefined> => {
  const status = await read(String(pid), "status");
  const idOf = (kind: string): string | undefined => new RegExp(`^${kind}:\\s+\\d+\\s+(\\d+)`, "m").exec(status)?.[1];
  const uid = idOf("Uid");
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(idOf("Gid")) };
};
