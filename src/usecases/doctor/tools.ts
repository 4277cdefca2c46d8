// What doctor asks this host itself; src/system/doctor answers. Nothing is changed.
import type { LockHolder } from "../../domain/doctor/lock.ts";
import type { ClockFacts } from "../../system/doctor/clock-facts.ts";
import type { ConfinementFacts } from "../../system/doctor/confinement-facts.ts";
import type { DiskFacts } from "../../system/doctor/disk-facts.ts";
import type { Opened, Reader } from "../../system/open-as.ts";
import type { PackageFacts } from "../../system/doctor/package-candidate.ts";
import type { FileFacts } from "../../system/doctor/secret-files.ts";
import type { PortHolder } from "../../system/port-holder.ts";
import type { Offence } from "../../system/root-only.ts";

export interface DoctorTools {
  /** Of this run. */
  readonly uid: number;
  /** systemd is PID 1. */
  readonly systemd: () => Promise<boolean>;
  /** Everything on the way to a path that somebody other than root can change. */
  readonly offences: (path: string) => Promise<readonly Offence[]>;
  /** Files of the state folder that hold a secret. */
  readonly secretsOfState: () => Promise<readonly FileFacts[]>;
  /** `secrets/` beside the configuration. */
  readonly secretsOfConfig: (configDir: string) => Promise<readonly FileFacts[]>;
  /** undefined: there is no such group. */
  readonly groupId: (name: string) => Promise<number | undefined>;
  readonly factsOf: (path: string) => Promise<FileFacts | undefined>;
  /** Who may read beside owner and group, by path; `somebody` where getfacl is not installed. */
  readonly accessLists: (paths: readonly string[]) => Promise<ReadonlyMap<string, readonly string[]>>;
  /** In the order of `paths`; many cost no more than a few. */
  readonly openAs: (reader: Reader | undefined, paths: readonly string[]) => Promise<readonly Opened[]>;
  readonly confinement: () => Promise<ConfinementFacts>;
  readonly portHolders: (port: number) => Promise<readonly PortHolder[]>;
  readonly serviceOf: (pid: number) => Promise<string | undefined>;
  readonly clock: () => Promise<ClockFacts | undefined>;
  readonly disk: (folder: string) => Promise<DiskFacts | undefined>;
  readonly packageFacts: (name: string) => Promise<PackageFacts | undefined>;
  /** Programs that units and cron lines of ours name and that are gone. */
  readonly missingPrograms: (paths: readonly string[]) => Promise<readonly string[]>;
  /** Of the state's lock; undefined: nobody. */
  readonly lockHolder: () => Promise<LockHolder | undefined>;
  readonly exists: (path: string) => Promise<boolean>;
}
