// The seam for what runs `renew` every hour: systemd's timer, or a line for cron.
import type { SchedulePlaces } from "../domain/other-schedule.ts";

export type ScheduleKind = "systemd" | "cron";

/** What is to be run, by absolute paths only: a timer has no working folder and no PATH of its own. */
export interface ScheduleJob {
  /** Absent: the program starts by itself. */
  readonly nodePath?: string;
  readonly programPath: string;
  /** `renew --config ... --state ...`; a scheduler whose every word becomes a mail adds `--quiet`. */
  readonly args: readonly string[];
  /** Folders that the run must be able to write to: state, configuration, the servers' settings, bundles. */
  readonly writable: readonly string[];
  /** Programs of servers whose versions refuse each other's settings: another file there is mended at once, where something can watch it. */
  readonly watched?: readonly string[];
  /** What is run then: `deploy --repair --config ... --state ...`. */
  readonly repairArgs?: readonly string[];
  /** Where runs write down that somebody has heard of what they found (notified.json): root need not be mailed then. */
  readonly notified?: string;
  /** Gives cron its minute, so that a fleet does not ask its CA all at once. */
  readonly hostName: string;
}

export interface ScheduleFile {
  readonly path: string;
  /** `foreign`: there is one that mailcert did not write. */
  readonly state: "missing" | "current" | "different" | "foreign";
}

export interface ScheduleRun {
  /** ISO date; absent where it is not known. */
  readonly at?: string;
  readonly status: number;
  /** 0 done, or 75 later. */
  readonly ok: boolean;
  /** What the run said, bounded and printable; only where it failed. */
  readonly output?: string;
}

export interface ScheduleState {
  readonly kind: ScheduleKind;
  readonly files: readonly ScheduleFile[];
  /** Its files are there, something runs them, and what they renew is the job's. */
  readonly active: boolean;
  /** Another configuration that is there, or another state folder, which it renews instead of the job's. */
  readonly instead?: SchedulePlaces;
  /** Why it is not active although its files are there. */
  readonly problem?: string;
  /** The one command that mends that on this host. */
  readonly command?: string;
  /** ISO date of the next run. */
  readonly next?: string;
  readonly last?: ScheduleRun;
}

/**
 * - `install` MUST be safe to repeat and change nothing where all is as it should be.
 * - MUST NOT replace or remove a file that mailcert did not write.
 */
export interface Scheduler {
  readonly kind: ScheduleKind;
  /** Whether this host has what it takes. */
  available(): Promise<boolean>;
  /** How things are, compared with what `install` would make of them. Changes nothing. */
  state(job: ScheduleJob): Promise<ScheduleState>;
  /** @throws Failure `data` for paths that its files cannot carry, `cannot-create`, `unavailable`. */
  install(job: ScheduleJob): Promise<void>;
  /** Runs the job once, the way the schedule will, and waits for its end. */
  runOnce(job: ScheduleJob): Promise<ScheduleRun>;
  /** Leaves nothing behind; returns the paths of what it removed. */
  remove(): Promise<readonly string[]>;
}

export const isGoodStatus = (status: number): boolean => status === 0 || status === 75;
