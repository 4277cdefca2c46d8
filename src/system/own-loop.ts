// Whether `mailcert renew --every` runs here: what renews in a container, without timer and cron.
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const isLoop = (words: readonly string[]): boolean =>
  words.slice(0, 3).some((word) => /(?:^|\/)mailcert(?:\.js)?$/.test(word)) &&
  words.includes("renew") &&
  words.some((word) => word === "--every" || word.startsWith("--every="));

/** A container's processes are listed on its host, too: what they renew lies below another root. A root that is not ours to see is taken for our own. */
const livesHere = async (process: string): Promise<boolean> => {
  const [theirs, ours] = await Promise.all([stat(join(process, "root")).catch(() => undefined), stat("/")]);
  return theirs === undefined || (theirs.dev === ours.dev && theirs.ino === ours.ino);
};

/** Looks at the command lines that the kernel lists (/proc/PID/cmdline). */
export const ownLoopRuns = async (proc = "/proc"): Promise<boolean> => {
  for (const pid of (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const process = join(proc, pid);
    const line = await readFile(join(process, "cmdline"), "utf8").catch(() => "");
    if (isLoop(line.split("\0")) && (await livesHere(process))) return true;
  }
  return false;
};
