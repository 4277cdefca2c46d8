// Whether `mailcert renew --every` runs here: what renews in a container, without timer and cron.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

const isLoop = (words: readonly string[]): boolean =>
  words.slice(0, 3).some((word) => /(?:^|\/)mailcert(?:\.js)?$/.test(word)) &&
  words.includes("renew") &&
  words.some((word) => word === "--every" || word.startsWith("--every="));

/** Looks at the command lines that the kernel lists (/proc/PID/cmdline). Those of other containers are not among them. */
export const ownLoopRuns = async (proc = "/proc"): Promise<boolean> => {
  for (const pid of (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(join(proc, pid, "cmdline"), "utf8").catch(() => "");
    if (isLoop(line.split("\0"))) return true;
  }
  return false;
};
