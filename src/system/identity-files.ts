// Files with a client's key in them: made once, for nobody but root (or whoever runs this) to read.
import { lstat } from "node:fs/promises";
import { createFileOnce } from "./create-once.ts";
import { ensureFolder, fileFailure } from "./files.ts";
import { refuseUnsafeFolder } from "./safe-folder.ts";

/** Fits usecases/identity-tools.ts. */
export const createIdentityFiles = (uid: number) => ({
  prepare: async (folder: string): Promise<void> => {
    await refuseUnsafeFolder(folder, uid);
    await ensureFolder(folder, 0o700);
    await refuseUnsafeFolder(folder, uid);
  },
  exists: async (path: string): Promise<boolean> => {
    try {
      await lstat(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw fileFailure(error, "read", path);
    }
  },
  create: (path: string, content: string | Uint8Array): Promise<boolean> => createFileOnce(path, content, 0o600),
});
