// Whether everybody on this host can read a file: what stands in it is no secret, and may be said aloud.
import { realpath, stat } from "node:fs/promises";
import { foldersAbove } from "./open-as.ts";

const bitsOf = async (path: string): Promise<number> => (await stat(path)).mode;

/** By its mode and those of the folders above it; an access list that shuts somebody out makes no secret of it. False where it is not there. */
export const isEverybodys = async (path: string): Promise<boolean> => {
  try {
    const file = await realpath(path);
    for (const folder of foldersAbove(file)) if (((await bitsOf(folder)) & 0o001) === 0) return false;
    return ((await bitsOf(file)) & 0o004) !== 0;
  } catch {
    return false;
  }
};
