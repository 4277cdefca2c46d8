// When what a path leads to last changed: for daemons that are restarted only where they have not read yet what stands there.
import { lstat, stat } from "node:fs/promises";

/** Milliseconds since the epoch; its links count as well as what they lead to. 0: there is nothing. */
export const changedAt = async (path: string): Promise<number> => {
  const parts = path.split("/");
  const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join("/")).filter((prefix) => prefix !== "");
  const links = await Promise.all(prefixes.map((prefix) => lstat(prefix).catch(() => undefined)));
  const itself = await stat(path).catch(() => undefined);
  return Math.max(0, itself?.ctimeMs ?? 0, ...links.map((one) => (one?.isSymbolicLink() ? one.ctimeMs : 0)));
};
