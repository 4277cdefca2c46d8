// When a list of revoked certificates is to be made anew: one date in one file, so that a run with nothing to do looks at nothing else.
import { readFileSync } from "node:fs";
import type { Store } from "./store.ts";

/** No list is due later than half of its 30 days: a later date is of a clock that was wrong. */
const latestMs = 16 * 86_400_000;

export const createCrlDue = (path: string, now: () => Date): Pick<Store, "crlIsDue"> => ({
  crlIsDue: () => {
    try {
      const due = Date.parse(readFileSync(path, "utf8").trim());
      // What cannot be read as a date is looked into.
      return Number.isNaN(due) || due <= now().getTime() || due > now().getTime() + latestMs;
    } catch {
      return false;
    }
  },
});
