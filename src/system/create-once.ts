// Files that are made once and never replaced: whoever is first wins, whole or not at all, and a kill at any instant leaves nothing half-made.
import { constants } from "node:fs";
import { link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileFailure, syncFolder, temporaryBeside, writeNewFile } from "./files.ts";

/**
 * Writes `content` to `path` unless there is a file already; true when it was written.
 * A hard link is the one way in POSIX to give a complete file a name that must not exist yet.
 * @throws Failure naming the path.
 */
export const createFileOnce = async (path: string, content: string | Uint8Array, mode: number): Promise<boolean> => {
  const temporary = temporaryBeside(path);
  try {
    await writeNewFile(temporary, mode, content);
    const made = await linkOnce(temporary, path);
    await syncFolder(dirname(path));
    return made;
  } catch (error) {
    throw fileFailure(error, "write", path);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
};

const linkOnce = async (from: string, to: string): Promise<boolean> => {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // File systems without hard links (vfat, some network ones): the run's own lock has to do.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS" && code !== "EMLINK")
      throw error;
    await rename(from, to);
    return true;
  }
};

/** Adds one line to a file (made 0600) and makes it durable; a torn last line that a power cut left is ended first. */
export const appendLine = async (path: string, line: string): Promise<void> => {
  try {
    const handle = await open(
      path,
      constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      const { size } = await handle.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await handle.read(last, 0, 1, size - 1);
      const torn = size > 0 && last[0] !== 0x0a;
      await handle.appendFile(`${torn ? "\n" : ""}${line}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileFailure(error, "write", path);
  }
};
