// The schedule installed and removed: which kind, what is refused, and what its first run came to.
import { Failure } from "../domain/failure.ts";
import { otherScheduleHints, otherScheduleRefusal } from "../domain/other-schedule.ts";
import type {
  ScheduleFile,
  ScheduleJob,
  ScheduleKind,
  ScheduleRun,
  ScheduleState,
  Scheduler,
} from "../system/scheduler.ts";
import type { ScheduleDeps } from "./schedule-tools.ts";
import { canRunHourly, canSchedule, quickJob, showSchedule, withCommand } from "./schedule.ts";
import type { World } from "./world.ts";

export interface InstallSchedule {
  readonly job: ScheduleJob;
  /** `auto`: systemd where it runs, else cron where it is installed, else none. */
  readonly schedule: ScheduleKind | "auto" | "none";
  readonly dryRun: boolean;
}

export interface ScheduleResult {
  readonly kind: ScheduleKind | "none";
  readonly change: "installed" | "updated" | "unchanged" | "none";
  readonly dryRun: boolean;
  readonly files: readonly ScheduleFile[];
  /** What the run that was started at once came to; absent where nothing changed. */
  readonly firstRun?: ScheduleRun;
  readonly next?: string;
  /** Files of the other kind that were taken away. */
  readonly removed: readonly string[];
  /** What a person should know, e.g. why there is none. */
  readonly note?: string;
}

const choose = async (
  { schedulers }: ScheduleDeps,
  schedule: Exclude<InstallSchedule["schedule"], "none">,
): Promise<Scheduler | undefined> => {
  if (schedule === "auto") {
    for (const scheduler of [schedulers.systemd, schedulers.cron]) if (await scheduler.available()) return scheduler;
    return undefined;
  }
  if (await schedulers[schedule].available()) return schedulers[schedule];
  const why = schedule === "systemd" ? "systemd does not run this host" : "cron is not installed";
  const other = schedule === "systemd" ? "cron" : "systemd";
  throw new Failure("unavailable", `${why}: no schedule can be installed with it`, {
    hints: [(await schedulers[other].available()) ? `use --schedule ${other}` : withoutSchedule],
  });
};

/** What a person does where nothing on this host starts programs by the hour. */
const withoutSchedule =
  "install cron, or start `mailcert renew --quiet` every hour by other means; in a container: mailcert renew --every 1h";

/** @throws Failure `unavailable` where a person asked for a schedule and this host has nothing for it. */
export const refuseWithout = async (deps: ScheduleDeps): Promise<void> => {
  if (await canRunHourly(deps)) return;
  throw new Failure("unavailable", "no schedule can be installed: neither systemd nor cron is here", {
    hints: [withoutSchedule],
  });
};

const elsewhere = "have the program, and Node, where only root can write: the program in /usr/local/lib/mailcert, say";

const refuseUnsafe = async ({ findOffence, uid, nodePath, programPath }: ScheduleDeps): Promise<void> => {
  if (uid !== 0) {
    throw new Failure("no-permission", "a schedule that runs as root can only be changed by root", {
      hints: ["run the command as root"],
    });
  }
  const offence = await findOffence(nodePath, programPath);
  if (offence === undefined) return;
  throw new Failure(
    "config",
    `root must not run ${programPath} unattended: ${offence.path} can be written by ${offence.who}`,
    { hints: [...(offence.mend === undefined ? [] : [offence.mend]), elsewhere] },
  );
};

export const noneNote = `neither systemd nor cron is here: ${withoutSchedule}`;

/**
 * Installs what is missing, starts it once and waits for the result; where all is as it should be, nothing is changed or run.
 * The caller MUST NOT hold the state folder's lock: the first run takes it.
 * @throws Failure `no-permission`, `config` for a program that non-root can write or where another configuration's stands, `unavailable`, `cannot-create`.
 */
export const installSchedule = async (deps: ScheduleDeps, options: InstallSchedule): Promise<ScheduleResult> => {
  const { job, schedule, dryRun } = options;
  const nothing = { kind: "none", change: "none", dryRun, files: [], removed: [] } as const;
  if (schedule === "none") return nothing;
  const scheduler = await choose(deps, schedule);
  if (scheduler === undefined) return { ...nothing, note: noneNote };
  await refuseUnsafe(deps);
  const { kind } = scheduler;
  const other = deps.schedulers[kind === "systemd" ? "cron" : "systemd"];
  const before = await scheduler.state(job);
  refuseForeign(before);
  // The other kind would be taken away.
  refuseInstead([before, await other.state(job)]);
  // A timer can be started; a cron daemon that does not run is nothing that writing its line again would mend.
  const stopped = kind === "systemd" && !before.active;
  const stale = before.files.some(({ state }) => state !== "current") || stopped;
  const change = !stale
    ? "unchanged"
    : before.files.every(({ state }) => state === "missing")
      ? "installed"
      : "updated";
  if (dryRun) return { kind, change, dryRun, files: before.files, removed: [] };
  if (stale) await scheduler.install(job);
  // After the new one stands: in between there are two, never none; the lock keeps them apart.
  const removed = await other.remove();
  const firstRun = stale ? await scheduler.runOnce(job) : undefined;
  const after = stale ? await scheduler.state(job) : before;
  return {
    kind,
    change,
    dryRun,
    files: after.files,
    removed,
    ...(firstRun === undefined ? {} : { firstRun }),
    ...(after.next === undefined ? {} : { next: after.next }),
    ...(after.problem === undefined ? {} : { note: withCommand(after) ?? after.problem }),
  };
};

/** @throws Failure `config` where one of them renews what another configuration, or state folder, has. */
const refuseInstead = (states: readonly ScheduleState[]): void => {
  const [instead] = states.flatMap((state) => state.instead ?? []);
  if (instead === undefined) return;
  throw new Failure("config", otherScheduleRefusal(instead), { hints: otherScheduleHints(instead) });
};

const refuseForeign = ({ files }: ScheduleState): void => {
  const foreign = files.find(({ state }) => state === "foreign");
  if (foreign === undefined) return;
  throw new Failure("cannot-create", `${foreign.path} exists and mailcert did not write it`, {
    hints: ["move it away, then run the command again"],
  });
};

/**
 * Before a run whose last step installs one: the other's next run would take back what this one sets. Where nothing here can start one, nothing is written over.
 * @throws Failure `config`; `data` for places that no schedule can carry.
 */
export const refuseOtherSchedule = async (world: World): Promise<void> => {
  const deps = await world.scheduling();
  if (await canSchedule(deps)) refuseInstead(await showSchedule(deps, quickJob(world, deps)));
};

export interface RemovedSchedule {
  readonly dryRun: boolean;
  readonly removed: readonly string[];
}

/** Takes away whatever of ours there is, of both kinds. */
export const removeSchedule = async (
  deps: ScheduleDeps,
  job: ScheduleJob,
  dryRun: boolean,
): Promise<RemovedSchedule> => {
  if (dryRun) {
    const files = (await showSchedule(deps, job)).flatMap((state) => state.files);
    const ours = files.filter(({ state }) => state === "current" || state === "different");
    return { dryRun, removed: ours.map(({ path }) => path) };
  }
  if (deps.uid !== 0) {
    throw new Failure("no-permission", "a schedule that runs as root can only be removed by root", {
      hints: ["run the command as root"],
    });
  }
  return { dryRun, removed: [...(await deps.schedulers.systemd.remove()), ...(await deps.schedulers.cron.remove())] };
};
