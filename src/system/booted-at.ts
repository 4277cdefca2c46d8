// When this machine was booted, by the clock of now: to a hundredth of a second, where /proc/stat has whole seconds.
import { readTextIfPresent } from "./files.ts";

/** Milliseconds since the epoch; undefined where /proc is not mounted. */
export const bootedAt = async (): Promise<number | undefined> => {
  const up = Number((await readTextIfPresent("/proc/uptime").catch(() => undefined))?.split(" ")[0]);
  return up > 0 ? Date.now() - up * 1000 : undefined;
};
