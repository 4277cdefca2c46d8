// Whether a daemon runs: its pid file names a live process of that name.
import { readTextIfPresent } from "../system/files.ts";

/** `name` is the kernel's word for the process (`/proc/PID/comm`), so that a pid used again by something else does not count. */
export const runningPid = async (pidFile: string, name: string): Promise<number | undefined> => {
  const pid = /^\s*(\d+)/.exec((await readTextIfPresent(pidFile).catch(() => "")) ?? "")?.[1];
  if (pid === undefined) return undefined;
  const comm = ((await readTextIfPresent(`/proc/${pid}/comm`).catch(() => "")) ?? "").trim();
  return comm === name ? Number(pid) : undefined;
};

export const isRunning = async (pidFile: string, name: string): Promise<boolean> =>
  (await runningPid(pidFile, name)) !== undefined;
