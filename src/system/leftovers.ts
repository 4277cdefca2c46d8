// What runs that were killed left behind: temporary files and folders, known by their names, which say whose they are.
import { readdir, rm, unlink } from "node:fs/promises";
import { join } from "node:path";

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** The name is that of a temporary file of a run that is no more. */
const isLeftover = (name: string): boolean => {
  const pid = /^\.mailcert-(\d+)-[0-9a-f]+\.tmp$/.exec(name)?.[1];
  return pid !== undefined && Number(pid) !== process.pid && !alive(Number(pid));
};

/** The same in a folder that may be somebody else's: files alone, for what lies in a folder of theirs they can change while it is removed. */
export const removeLeftoverFiles = async (folder: string): Promise<void> => {
  for (const name of (await readdir(folder).catch(() => [])).filter(isLeftover))
    await unlink(join(folder, name)).catch(() => undefined);
};

/** Removes what runs that are no more left in `folder`: one of them can be the copy of a key. `below`: and in all folders under it. */
export const removeLeftovers = async (folder: string, below = false): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (isLeftover(entry.name)) await rm(path, { recursive: true, force: true });
    else if (below && entry.isDirectory()) await removeLeftovers(path, true);
  }
};
