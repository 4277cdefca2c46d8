// The words that a running process was started with.
import { readTextIfPresent } from "../system/files.ts";

/** `/proc/PID/cmdline`; none where the process has ended. */
export const commandLine = async (pid: number): Promise<readonly string[]> =>
  ((await readTextIfPresent(`/proc/${pid}/cmdline`).catch(() => undefined)) ?? "")
    .split("\0")
    .filter((word) => word !== "");
