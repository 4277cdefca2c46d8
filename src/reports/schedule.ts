// The hourly run: what was installed, how it stands, what was removed; for people and as JSON.
import type { ScheduleRun, ScheduleState } from "../system/scheduler.ts";
import type { RemovedSchedule, ScheduleResult } from "../usecases/install-schedule.ts";
import { minute } from "./dates.ts";

const titles = {
  systemd: "systemd timer mailcert.timer",
  cron: "cron line /etc/cron.d/mailcert",
  none: "no schedule",
} as const;

const indented = (text: string): string => text.replace(/^/gm, "    ");

const runText = (run: ScheduleRun, what: string): readonly string[] => {
  const at = run.at === undefined ? "" : ` at ${minute(new Date(run.at))}`;
  if (run.status === 75) return [`  ${what}${at}: later (exit 75): another run was busy, or something waits`];
  if (run.ok) return [`  ${what}${at}: all well`];
  return [`  ${what}${at}: failed (exit ${run.status})`, ...(run.output === undefined ? [] : [indented(run.output)])];
};

const nextText = (next: string | undefined): readonly string[] =>
  next === undefined ? [] : [`  next run: ${minute(new Date(next))}`];

const installWords = {
  installed: "installed",
  updated: "brought up to date",
  unchanged: "in place",
  none: "",
} as const;
const dryWords = {
  installed: "would be installed",
  updated: "would be brought up to date",
  unchanged: "in place",
  none: "",
} as const;

/** It was installed, and nothing is left for a person to do. */
export const scheduleInstallIsWell = ({ firstRun, note }: ScheduleResult): boolean =>
  (firstRun?.ok ?? true) && note === undefined;

/** One block of lines, also used by setup. */
export const scheduleInstallText = (result: ScheduleResult): string => {
  if (result.kind === "none") {
    return result.note === undefined
      ? "no schedule was asked for: nothing renews by itself"
      : `warning: no schedule: ${result.note}`;
  }
  const words = result.dryRun ? dryWords : installWords;
  return [
    `${titles[result.kind]}: ${words[result.change]}, every hour`,
    ...(result.change === "unchanged" ? [] : result.files.map(({ path }) => `  ${path}`)),
    ...result.removed.map((path) => `  removed ${path}`),
    ...(result.firstRun === undefined ? [] : runText(result.firstRun, "first run")),
    ...nextText(result.next),
    ...(result.note === undefined ? [] : [`  warning: nothing renews by itself: ${result.note}`]),
  ].join("\n");
};

const healthy = ({ active, last, files }: ScheduleState): boolean =>
  active && (last?.ok ?? true) && files.every(({ state }) => state === "current");

/** One of them runs, its files are as they should be, and its last run went well. */
export const scheduleIsHealthy = (states: readonly ScheduleState[]): boolean => states.some(healthy);

const stateText = (state: ScheduleState): readonly string[] => {
  const present = state.files.filter((file) => file.state !== "missing");
  if (present.length === 0) return [];
  // What it would be with these files is beside the point where it is another's.
  const odd = state.instead ? [] : present.filter((file) => file.state !== "current");
  return [
    `${titles[state.kind]}: ${state.active ? "active, every hour" : `NOT active: ${state.problem ?? "its files are not mailcert's"}`}`,
    ...(state.command === undefined ? [] : [`  run: ${state.command}`]),
    ...odd.map(({ path, state: how }) =>
      how === "foreign"
        ? `  ${path}: mailcert did not write it`
        : `  ${path}: differs from what would be written now (mailcert schedule install)`,
    ),
    ...(state.last === undefined ? [] : runText(state.last, "last run")),
    ...nextText(state.next),
  ];
};

/** `without`: why none can be installed on this host. */
export const scheduleShowText = (states: readonly ScheduleState[], without?: string): string => {
  const lines = states.flatMap(stateText);
  return lines.length > 0 ? lines.join("\n") : `no schedule is installed: ${without ?? "mailcert schedule install"}`;
};

export const scheduleRemoveText = ({ removed, dryRun }: RemovedSchedule): string =>
  removed.length === 0
    ? "no schedule is installed: nothing to remove"
    : removed.map((path) => `${dryRun ? "would remove" : "removed"} ${path}`).join("\n");

export const scheduleInstallDocument = (result: ScheduleResult): object => ({
  schema: "mailcert.schedule/1",
  action: "install",
  ok: scheduleInstallIsWell(result),
  ...result,
});

export const scheduleShowDocument = (states: readonly ScheduleState[]): object => ({
  schema: "mailcert.schedule/1",
  action: "show",
  ok: scheduleIsHealthy(states),
  schedules: states,
});

export const scheduleRemoveDocument = (result: RemovedSchedule): object => ({
  schema: "mailcert.schedule/1",
  action: "remove",
  ok: true,
  ...result,
});
