// What schedule did to this host, for the log of changes.
import type { RemovedSchedule, ScheduleResult } from "./install-schedule.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** Nothing where nothing changed. */
export const recordInstalled = async (world: World, result: ScheduleResult): Promise<void> => {
  const { kind, change, dryRun, files, removed } = result;
  if (dryRun) return;
  if (change === "installed" || change === "updated") {
    const paths = files.map(({ path }) => path).join(", ");
    await recordChange(world, { what: `${change} the schedule (${kind}): ${paths}`, undo: "mailcert schedule remove" });
  }
  if (removed.length > 0)
    await recordChange(world, { what: `removed ${removed.join(", ")}`, undo: "mailcert schedule install" });
};

export const recordRemoved = async (world: World, { dryRun, removed }: RemovedSchedule): Promise<void> => {
  if (!dryRun && removed.length > 0) {
    await recordChange(world, {
      what: `removed the schedule: ${removed.join(", ")}`,
      undo: "mailcert schedule install",
    });
  }
};
