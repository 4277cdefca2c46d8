// Whether `mailcert renew --every` runs here: what renews in a container, without timer and cron.
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const isLoop = (words: readonly string[]): boolean =>
  words.slice(0, 3).some((word) => /(?:^|\/)mailcert(?:\.js|-\d[\w.~+-]*-linux-x64)?$/.test(word)) &&
  words.includes("renew") &&
  words.some((word) => word === "--every" || word.startsWith("--every="));

/** A container's processes are listed on its host, too: what they renew lies below another root. A root that is not ours to see is taken for our own. */
const livesHere = async (process: string): Promise<boolean> => {
  const [theirs, ours] = await Promise.all([stat(join(process, "root")).catch(() => undefined), stat("/")]);
  return theirs === undefined || (theirs.dev === ours.dev && theirs.ino === ours.ino);
};

/** Of who started it, and as whom it runs: anybody can give a program such a command line, a setuid one too. Not the owner of /proc/PID, which is root's for many. */
const isOf = async (process: string, trusted: readonly number[]): Promise<boolean> => {
  const status = await readFile(join(process, "status"), "utf8").catch(() => "");
  const uids = /^Uid:((?:\s+\d+){4})$/m.exec(status)?.[1]?.trim().split(/\s+/).map(Number) ?? [];
  return uids.length > 0 && uids.every((uid) => trusted.includes(uid));
};

/**
 * Looks at the command lines that the kernel lists (/proc/PID/cmdline). The loop is root's, this user's, or of whoever the state folder belongs to: another
 * user's renews nothing of it.
 */
export const ownLoopRuns = async (stateDir: string, uid: number, proc = "/proc"): Promise<boolean> => {
  const owner = await stat(stateDir).catch(() => undefined);
  const trusted = [0, uid, ...(owner === undefined ? [] : [owner.uid])];
  for (const pid of (await readdir(proc).catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const process = join(proc, pid);
    const line = await readFile(join(process, "cmdline"), "utf8").catch(() => "");
    if (isLoop(line.split("\0")) && (await isOf(process, trusted)) && (await livesHere(process))) return true;
  }
  return false;
};
