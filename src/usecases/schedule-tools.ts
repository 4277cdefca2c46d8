// What schedule needs of the outside world: the schedulers, who may change the program, and where it lies.
import type { Offence } from "../system/root-only.ts";
import type { ScheduleKind, Scheduler } from "../system/scheduler.ts";

export interface ScheduleDeps {
  readonly schedulers: Readonly<Record<ScheduleKind, Scheduler>>;
  /** The first thing that somebody other than root can change of what the schedule would run. */
  readonly findOffence: (nodePath: string, programPath: string) => Promise<Offence | undefined>;
  /** Whether `renew --every` runs here. */
  readonly ownLoop?: () => Promise<boolean>;
  readonly uid: number;
  readonly nodePath: string;
  readonly programPath: string;
  /** `programPath` starts by itself, and that is what a schedule runs: the path stays when the package is upgraded, or exchanged for the one with Node inside. */
  readonly startsItself?: boolean;
  readonly hostName: string;
}
