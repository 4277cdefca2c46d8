// Whether the package manager is done with a program: Debian's dpkg unpacks, then configures, and starts servers at the end.
import { readFile, stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import type { RunProgram } from "./run.ts";

export interface DpkgPaths {
  /** apt's lock for a whole run, dpkg's own for one of its calls. */
  readonly locks: readonly string[];
  readonly kernelLocks: string;
}

const systemPaths: DpkgPaths = {
  locks: ["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"],
  kernelLocks: "/proc/locks",
};

const resting: ReadonlySet<string> = new Set(["installed", "config-files", "not-installed"]);

/** fcntl locks, which only the kernel lists: `1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 0 EOF`. By inode: overlays have other devices there. */
const isHeld = async ({ locks, kernelLocks }: DpkgPaths): Promise<boolean> => {
  const text = await readFile(kernelLocks, "utf8").catch(() => "");
  const inodes = new Set([...text.matchAll(/ [0-9a-f]+:[0-9a-f]+:(\d+) /g)].map(([, inode]) => inode));
  for (const path of locks) {
    const facts = await stat(path, { bigint: true }).catch(() => undefined);
    if (facts && inodes.has(String(facts.ino))) return true;
  }
  return false;
};

/**
 * True where every package of this name pattern is configured, where nobody works on those that are not (an upgrade that failed or was
 * broken off), and where there is no dpkg.
 */
export const packagesSettled = async (
  run: RunProgram,
  pattern: string,
  paths: DpkgPaths = systemPaths,
): Promise<boolean> => {
  try {
    const { stdout } = await run("dpkg-query", ["--show", "--showformat=${db:Status-Status}\\n", pattern]);
    const states = stdout.split("\n").filter((line) => line !== "");
    return states.every((state) => resting.has(state)) || !(await isHeld(paths));
  } catch (error) {
    if (error instanceof Failure && error.facts?.["code"] === "ENOENT") return true;
    throw error;
  }
};
