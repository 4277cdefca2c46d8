// When a list of revoked certificates is to be made anew, or a file that servers judge client certificates by has gone: one date and a few paths in one file, so that a run with nothing to do looks at nothing else.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Store } from "./store.ts";

/** No list is due later than half of its 30 days: a later date is of a clock that was wrong. */
const latestMs = 16 * 86_400_000;

/** @param path of the file: a date, then what has to be there, a path below the state folder a line */
export const createCrlDue = (path: string, now: () => Date): Pick<Store, "crlIsDue"> => ({
  crlIsDue: () => {
    try {
      const [date = "", ...files] = readFileSync(path, "utf8").trim().split("\n");
      const due = Date.parse(date);
      // What cannot be read as a date is looked into.
      if (Number.isNaN(due) || due <= now().getTime() || due > now().getTime() + latestMs) return true;
      return files.some((file) => !existsSync(join(dirname(path), "..", file)));
    } catch {
      return false;
    }
  },
});
