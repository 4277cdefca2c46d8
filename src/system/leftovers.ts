// What runs that were killed left behind: temporary files and folders, known by their names, which say whose they are.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Removes what runs that are no more left in `folder`: one of them can be the copy of a key. `below`: and in all folders under it. */
export const removeLeftovers = async (folder: string, below = false): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const pid = /^\.mailcert-(\d+)-\d+\.tmp$/.exec(entry.name)?.[1];
    if (pid !== undefined && Number(pid) !== process.pid && !alive(Number(pid)))
      await rm(path, { recursive: true, force: true });
    else if (below && entry.isDirectory()) await removeLeftovers(path, true);
  }
};
