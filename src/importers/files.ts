// Another client's files, read with care: as root only what root alone could have written, never more than a bounded plain file.
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { fileFailure } from "../system/files.ts";
import { offenceThroughSticky } from "../system/safe-folder.ts";

export interface ForeignFiles {
  /** undefined: there is none. @throws Failure `data` for what somebody else could have written, or for no plain file. */
  text(path: string): Promise<string | undefined>;
  /** Names in a folder, sorted; none where there is no folder. Links are left out with `folders`. */
  list(folder: string, kind?: "folders"): Promise<readonly string[]>;
  /** Folders below `folder` that have a file of this name directly in them, as paths relative to it; links are not followed. */
  foldersWith(folder: string, file: string, depth: number): Promise<readonly string[]>;
}

const mostBytes = 1 << 20;
const absent = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");

const notRoots = (path: string, { who, path: place, mend }: { who: string; path: string; mend?: string }): Failure =>
  new Failure("data", `${path} is not read as root: ${who} can change ${place}`, {
    hints: [
      ...(mend === undefined ? [] : [`if that is not meant to be so: ${mend}`]),
      "or copy the folder to where only root can write, and name the copy (cp -a keeps owners: chown -R root:root it)",
    ],
    facts: { path, place },
  });

/** `uid`: who runs this. The kernel says what anybody but root may read. */
export const createForeignFiles = (uid: number): ForeignFiles => {
  const seen = new Set<string>();
  const text = async (path: string): Promise<string | undefined> => {
    const offence = uid === 0 ? await offenceThroughSticky(path, seen) : undefined;
    if (offence !== undefined) throw notRoots(path, offence);
    try {
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const facts = await handle.stat();
        if (!facts.isFile() || facts.size > mostBytes)
          throw new Failure("data", `${path} is no plain file of at most ${mostBytes >> 20} MiB`);
        return await handle.readFile("utf8");
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (absent(error)) return undefined;
      throw fileFailure(error, "read", path);
    }
  };
  const list: ForeignFiles["list"] = async (folder, kind) => {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => kind === undefined || entry.isDirectory())
        .map(({ name }) => name)
        .toSorted();
    } catch (error) {
      if (absent(error)) return [];
      throw fileFailure(error, "read the folder", folder);
    }
  };
  const foldersWith: ForeignFiles["foldersWith"] = async (folder, file, depth) => {
    const found: string[] = [];
    const walk = async (relative: string, left: number): Promise<void> => {
      const here = join(folder, relative);
      if (relative !== "" && (await list(here)).includes(file)) found.push(relative);
      if (left === 0) return;
      for (const name of await list(here, "folders")) await walk(join(relative, name), left - 1);
    };
    await walk("", depth);
    return found;
  };
  return { text, list, foldersWith };
};
