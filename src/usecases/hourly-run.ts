// What renews on this host without anybody doing anything: a quick look, without asking the servers.
import { Failure } from "../domain/failure.ts";
import type { ScheduleJob, ScheduleKind } from "../system/scheduler.ts";
import type { ScheduleDeps } from "./schedule-tools.ts";
import { programOf, refuseInstead, renewArguments, showSchedule, withCommand } from "./schedule.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface HourlyRun {
  readonly renews: boolean;
  /** `loop`: `renew --every`, in a container. */
  readonly kind?: ScheduleKind | "loop";
  /** ISO date of the next run, where it is known. */
  readonly next?: string;
  /** The last run failed, with this status. */
  readonly failed?: number;
  /** Why nothing renews although something is installed. */
  readonly problem?: string;
  /** Files of it that are not what `schedule install` would write now; absent: none, or nobody looked. */
  readonly behind?: readonly string[];
  /** ISO date of the last `renew`, where notifications are configured and this user may know it. */
  readonly lastRun?: string;
}

/** A quick look, without asking the servers what a timer run may write to. `whole`: what is installed is compared with it. */
export const hourlyRun = async (world: World, whole?: ScheduleJob): Promise<HourlyRun> => {
  const [hourly, lastRun] = [await installedRun(world, whole), await lastRunOf(world)];
  return { ...hourly, ...(lastRun === undefined ? {} : { lastRun }) };
};

const lastRunOf = async (world: World): Promise<string | undefined> => {
  if (!(await world.config.read())?.notify) return undefined;
  const memory = await unlessFailure(async () => (await world.notifying()).memory.read());
  return memory instanceof Failure ? undefined : memory.lastRun;
};

/** For a look that asks no server: what it may write to is not compared. */
const quickJob = (world: World, deps: ScheduleDeps): ScheduleJob => ({
  ...programOf(deps),
  args: renewArguments(world),
  writable: [],
  hostName: deps.hostName,
});

const installedRun = async (world: World, whole?: ScheduleJob): Promise<HourlyRun> => {
  const deps = await world.scheduling();
  const job = whole ?? quickJob(world, deps);
  try {
    const states = await showSchedule(deps, job);
    const active = states.find((state) => state.active);
    const idle = states.find(({ problem }) => problem !== undefined);
    if (active === undefined) {
      if (await deps.ownLoop?.()) return { renews: true, kind: "loop" };
      return { renews: false, ...(idle ? { kind: idle.kind, problem: withCommand(idle) ?? "" } : {}) };
    }
    const { kind, next, last } = active;
    const behind = whole ? active.files.filter(({ state }) => state === "different").map(({ path }) => path) : [];
    return {
      renews: true,
      kind,
      ...(next === undefined ? {} : { next }),
      ...(last === undefined || last.ok ? {} : { failed: last.status }),
      ...(behind.length > 0 ? { behind } : {}),
    };
  } catch (failure) {
    if (failure instanceof Failure) return { renews: false, problem: failure.message };
    throw failure;
  }
};

/** Before a run that would install one at its end. @throws Failure `config` where this host's renews what another configuration, or state folder, has. */
export const refuseOtherSchedule = async (world: World): Promise<void> => {
  const states = await unlessFailure(async () => {
    const deps = await world.scheduling();
    return showSchedule(deps, quickJob(world, deps));
  });
  // Where it cannot be looked at now, that end says so.
  if (!(states instanceof Failure)) refuseInstead(states);
};
