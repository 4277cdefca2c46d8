// When what a path leads to last changed: for daemons that are restarted only where they have not read yet what stands there.
import { lstat, stat } from "node:fs/promises";
import { startedAt } from "./daemons.ts";

/** Milliseconds since the epoch; its links count as well as what they lead to. 0: there is nothing. */
const changedAt = async (path: string): Promise<number> => {
  const parts = path.split("/");
  const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join("/")).filter((prefix) => prefix !== "");
  const links = await Promise.all(prefixes.map((prefix) => lstat(prefix).catch(() => undefined)));
  const itself = await stat(path).catch(() => undefined);
  return Math.max(0, itself?.ctimeMs ?? 0, ...links.map((one) => (one?.isSymbolicLink() ? one.ctimeMs : 0)));
};

/** Times of files are those of a clock that is a little behind. */
const marginMs = 100;

/** Whether any of these has changed since the process started, or may have: a restart ends sessions, and runs are repeated until all is proven. */
export const hasChangedSinceStart = async (pid: number, paths: readonly string[]): Promise<boolean> => {
  const newest = Math.max(0, ...(await Promise.all(paths.map(changedAt))));
  return newest + marginMs > ((await startedAt(pid)) ?? 0);
};
