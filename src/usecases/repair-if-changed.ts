// A look at what the last runs left of the servers, which costs a run with nothing to do no more than a stat(2) of each program and of one file.
import type { Finding } from "../domain/finding.ts";
import type { Repaired } from "./repair.ts";
import type { World } from "./world.ts";

/** As long as a package takes to be configured; a whole release upgrade is the path unit's, or the next run's. */
const patienceMs = 120_000;

/** The caller holds the lock, and is about to set a policy anew (`setsAnew`) or not. A change of TLS policy that was cut short is half done on disk: whatever reads it next would make it live untested. */
export const finishUnfinished = async (world: World, setsAnew = false): Promise<readonly Finding[]> =>
  world.store.policyIsUnfinished() ? (await import("./harden-unfinished.ts")).finishPolicy(world, setsAnew) : [];

/** The caller holds the lock. */
export const repairIfChanged = async (world: World): Promise<Repaired> => {
  const nothing = { findings: [], certificates: [] };
  const { findings, certificates } = world.store.programsChanged()
    ? await (await import("./repair.ts")).repair(world, patienceMs)
    : nothing;
  return { findings: [...findings, ...(await finishUnfinished(world))], certificates };
};

/** The caller holds the lock, and deploys: what a server of another version would refuse of ours is what it takes. */
export const rewriteIfChanged = async (world: World): Promise<readonly Finding[]> =>
  world.store.programsChanged() ? (await import("./repair.ts")).rewriteOutgrown(world) : [];
