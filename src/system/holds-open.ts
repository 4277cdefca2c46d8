// Whether a process of this host has a file open, by the kernel's word: a number that a file names may be another process's, or one of another container.
import { type Stats, readdirSync, statSync } from "node:fs";

/** `file`: of the open file, or its path's. False also where nobody may look. */
export const holdsOpen = (
  pid: number | string,
  { dev, ino }: Pick<Stats, "dev" | "ino">,
  proc: string = "/proc",
): boolean => {
  try {
    return readdirSync(`${proc}/${pid}/fd`).some((fd) => {
      const found = statSync(`${proc}/${pid}/fd/${fd}`, { throwIfNoEntry: false });
      return found?.ino === ino && found.dev === dev;
    });
  } catch {
    return false;
  }
};
