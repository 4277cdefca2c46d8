// A path of the command line, from the folder that its caller stands in.
import { isAbsolute, resolve } from "node:path";
import { Failure } from "./failure.ts";

/** Absolute. @throws Failure `usage` for a relative one where that folder was deleted: whatever it meant is gone. */
export const ownPath = ({ cwd }: { readonly cwd: string | undefined }, path: string): string => {
  if (isAbsolute(path)) return resolve(path);
  if (cwd === undefined)
    throw new Failure("usage", `the folder that this shell stands in was deleted: there is no ${path} in it`, {
      hints: ["go into another one (cd /), or write the whole path"],
    });
  return resolve(cwd, path);
};
