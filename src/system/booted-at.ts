// When this machine was booted, by the clock of now: to a hundredth of a second, where /proc/stat has whole seconds.
import { readFileSync } from "node:fs";

/** Milliseconds since the epoch; undefined where /proc is not mounted. */
export const bootedAt = (): number | undefined => {
  try {
    // At once: whatever this process had to do between the two would count as time before the boot.
    const [up, now] = [Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]), Date.now()];
    return up > 0 ? now - up * 1000 : undefined;
  } catch {
    return undefined;
  }
};
