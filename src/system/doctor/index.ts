// What doctor asks this host itself. Answers, never changes.
import { access, stat } from "node:fs/promises";
import { Failure } from "../../domain/failure.ts";
import type { DoctorTools } from "../../usecases/doctor/tools.ts";
import { accountId } from "../accounts.ts";
import { findPortHolders } from "../port-holder.ts";
import type { RunProgram } from "../run.ts";
import { offenceThroughSticky } from "../safe-folder.ts";
import { accessLists } from "./access-list.ts";
import { clockFacts } from "./clock-facts.ts";
import { confinementFacts } from "./confinement-facts.ts";
import { diskFacts } from "./disk-facts.ts";
import { openAs } from "../open-as.ts";
import { lockHolder } from "./lock-holder.ts";
import { packageFacts } from "./package-candidate.ts";
import { serviceOf } from "./process-unit.ts";
import { missingPrograms } from "./scheduled-programs.ts";
import { factsOf, secretsOfConfig, secretsOfState } from "./secret-files.ts";

export interface DoctorPlace {
  readonly run: RunProgram;
  readonly stateDir: string;
  readonly uid: number;
}

/** Nobody has more on one way. */
const mostOffences = 20;

const offencesOnTheWay: DoctorTools["offences"] = async (path) => {
  const seen = new Set<string>();
  const found = [];
  while (found.length < mostOffences) {
    const offence = await offenceThroughSticky(path, seen);
    // A circle of links would be found again and again.
    if (offence === undefined || seen.has(offence.path)) break;
    found.push(offence);
    seen.add(offence.path);
  }
  return found;
};

export const createDoctorTools = ({ run, stateDir, uid }: DoctorPlace): DoctorTools => ({
  uid,
  systemd: async () => (await stat("/run/systemd/system").catch(() => undefined))?.isDirectory() ?? false,
  offences: offencesOnTheWay,
  secretsOfState: () => secretsOfState(stateDir),
  secretsOfConfig,
  groupId: (name) =>
    accountId(run, "group", name, { what: "", hint: "" }).catch((error: unknown) => {
      if (error instanceof Failure) return undefined;
      throw error;
    }),
  factsOf,
  accessLists: (paths) => accessLists(run, paths),
  openAs: (reader, paths) => openAs(run, reader, paths),
  confinement: () => confinementFacts(run, stateDir),
  portHolders: (port) => findPortHolders(port),
  serviceOf: (pid) => serviceOf(pid),
  clock: () => clockFacts(run),
  disk: (folder) => diskFacts(folder),
  packageFacts: (name) => packageFacts(run, name),
  missingPrograms,
  lockHolder: () => lockHolder({ run, stateDir, now: new Date() }),
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
});
