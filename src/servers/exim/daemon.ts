// Finds the Exim that listens: by its pid file, else among the processes (with -oX and without -oP it writes none).
import { readdir, readlink } from "node:fs/promises";
import { readTextIfPresent } from "../../system/files.ts";
import { commandLine } from "../command-line.ts";
import { runningPid } from "../running.ts";

const read = async (pid: string, file: string): Promise<string> =>
  (await readTextIfPresent(`/proc/${pid}/${file}`).catch(() => undefined)) ?? "";

export const isDaemon = (words: readonly string[]): boolean => words.includes("-bd") || words.includes("-bdf");

/** Containers have namespaces of their own; what runs in them is not this host's. */
const spaceOf = (pid: string): Promise<string | undefined> => readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);

/** Its children, one for each connection, have the same name and words. */
const parentOf = async (pid: string): Promise<string> => /^PPid:\s*(\d+)$/m.exec(await read(pid, "status"))?.[1] ?? "";

/** `name`: `exim4`, as the kernel knows it. */
export const daemonPid = async (pidFile: string, name: string): Promise<number | undefined> => {
  const noted = await runningPid(pidFile, name);
  if (noted !== undefined) return noted;
  const here = await spaceOf("self");
  const daemons: string[] = [];
  for (const pid of (await readdir("/proc").catch(() => [])).filter((entry) => /^\d+$/.test(entry))) {
    if ((await read(pid, "comm")).trim() !== name || (await spaceOf(pid)) !== here) continue;
    if (isDaemon(await commandLine(Number(pid)))) daemons.push(pid);
  }
  for (const pid of daemons) if (!daemons.includes(await parentOf(pid))) return Number(pid);
  return undefined;
};
