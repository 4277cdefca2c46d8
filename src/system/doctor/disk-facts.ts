// What is left of the file system that a folder is on, and where that is mounted.
import { readFile, statfs } from "node:fs/promises";

export interface DiskFacts {
  /** Inodes that are left, and all of them; 0 and 0 where the file system has no such number (btrfs). */
  readonly freeInodes: number;
  readonly inodes: number;
  readonly mountPoint: string;
  readonly readOnly: boolean;
}

/** `\040` for a space: proc_pid_mountinfo(5). */
const plain = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

const holds = (mountPoint: string, path: string): boolean =>
  mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`);

/** The mount that a path is on: of those that hold it the longest, of equal ones the last (it covers the others). */
export const mountOf = (
  mountinfo: string,
  path: string,
): { readonly mountPoint: string; readonly readOnly: boolean } | undefined => {
  let found: { mountPoint: string; readOnly: boolean } | undefined;
  for (const line of mountinfo.split("\n")) {
    const [, , , , point = "", options = "", ...rest] = line.split(" ");
    const mountPoint = plain(point);
    if (!mountPoint.startsWith("/") || !holds(mountPoint, path)) continue;
    if (found && mountPoint.length < found.mountPoint.length) continue;
    // A file system may be read-only as a whole, whatever the mount says: errors=remount-ro.
    const ofAll = rest[rest.indexOf("-") + 3] ?? "";
    found = { mountPoint, readOnly: [...options.split(","), ...ofAll.split(",")].includes("ro") };
  }
  return found;
};

/** `folder` exists. undefined: nobody could say. */
export const diskFacts = async (folder: string, proc = "/proc"): Promise<DiskFacts | undefined> => {
  try {
    const { ffree, files } = await statfs(folder);
    const mount = mountOf(await readFile(`${proc}/self/mountinfo`, "utf8"), folder);
    return mount && { freeInodes: ffree, inodes: files, ...mount };
  } catch {
    return undefined;
  }
};
