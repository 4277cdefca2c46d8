// What schedule did to this host, for the log of changes.
import type { RemovedSchedule, ScheduleResult } from "./schedule.ts";
import type { World } from "./world.ts";

const record = (world: World, what: string, undo: string): Promise<void> =>
  world.store.record({ at: world.now().toISOString(), run: world.run, command: world.command, what, undo });

/** Nothing where nothing changed. */
export const recordInstalled = async (world: World, result: ScheduleResult): Promise<void> => {
  const { kind, change, dryRun, files, removed } = result;
  if (dryRun) return;
  if (change === "installed" || change === "updated") {
    const paths = files.map(({ path }) => path).join(", ");
    await record(world, `${change} the schedule (${kind}): ${paths}`, "mailcert schedule remove");
  }
  if (removed.length > 0) await record(world, `removed ${removed.join(", ")}`, "mailcert schedule install");
};

export const recordRemoved = async (world: World, { dryRun, removed }: RemovedSchedule): Promise<void> => {
  if (!dryRun && removed.length > 0) {
    await record(world, `removed the schedule: ${removed.join(", ")}`, "mailcert schedule install");
  }
};
