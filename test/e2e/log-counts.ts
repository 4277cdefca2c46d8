// What a server's log has of something, once all of it is there: lines come a moment after what they tell of.
import { setTimeout } from "node:timers/promises";

const restMs = 1_000;

const mostLooks = 60;

/** The count, when it has been the same for a second. */
export const countAtRest = async (count: () => Promise<number>): Promise<number> => {
  for (let last = await count(), looks = 0; looks < mostLooks; looks += 1) {
    await setTimeout(restMs);
    const now = await count();
    if (now === last) return now;
    last = now;
  }
  throw new Error("the log grows and grows");
};
