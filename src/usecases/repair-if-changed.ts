// A look at the servers' programs, which costs a run with nothing to do no more than a stat(2) of each.
import type { Repaired } from "./repair.ts";
import type { World } from "./world.ts";

/** As long as a package takes to be configured; a whole release upgrade is the path unit's, or the next run's. */
const patienceMs = 120_000;

/** The caller holds the lock. */
export const repairIfChanged = async (world: World): Promise<Repaired> => {
  if (!world.store.programsChanged()) return { findings: [], certificates: [] };
  return (await import("./repair.ts")).repair(world, patienceMs);
};
