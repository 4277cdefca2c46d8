// Which file a run would start for the name of a program: for those who ask whether a process is that program.
import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { searchPath } from "./run.ts";

/** Its links followed; undefined: not installed. */
export const programFile = async (program: string): Promise<string | undefined> => {
  for (const folder of searchPath(process.env).split(":")) {
    const path = resolve("/", folder, program);
    const found = await access(path, constants.X_OK)
      .then(() => realpath(path))
      .catch(() => undefined);
    if (found !== undefined) return found;
  }
  return undefined;
};
