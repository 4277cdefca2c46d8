// The schedule of this host where it is another configuration's: told by the places that its file names.
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { type SchedulePlaces, otherScheduleProblem, placesGiven, placesWritten } from "../domain/other-schedule.ts";
import { readOwn } from "./own-files.ts";
import type { ScheduleJob, ScheduleKind, ScheduleState } from "./scheduler.ts";

/** Its links followed; undefined: it is not there (any more). One that cannot be followed now is itself. */
const placeOf = (path: string): Promise<string | undefined> =>
  realpath(path).catch((error: unknown) =>
    ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "") ? undefined : path,
  );

const isSame = async (one: string, other: string): Promise<boolean> =>
  one === other || ((await placeOf(one)) ?? one) === ((await placeOf(other)) ?? other);

/** By the folder, too: `conf.d` beside it is read. */
const isSameConfig = async (one: string, other: string): Promise<boolean> =>
  (await isSame(one, other)) && isSame(dirname(one), dirname(other));

/** What the file of ours at `path` names, where that is not what `args` say and is still there. */
const otherPlaces = async (path: string, args: readonly string[]): Promise<SchedulePlaces | undefined> => {
  const present = await readOwn(path);
  if (present === undefined || present === "foreign") return undefined;
  const [theirs, mine] = [placesWritten(present.text), placesGiven(args)];
  // What was moved away, or deleted, has nothing more to renew.
  if (!theirs || !mine || (await placeOf(theirs.config)) === undefined) return undefined;
  if (!(await isSameConfig(theirs.config, mine.config))) return theirs;
  const moved = (await placeOf(theirs.state)) === undefined;
  return moved || (await isSame(theirs.state, mine.state)) ? undefined : theirs;
};

/** `path`: the file that has the command. undefined: there is none, or it is the job's. When another's runs, and how that ended, is nothing of this job's. */
export const otherSchedule = async (
  kind: ScheduleKind,
  path: string,
  { args }: ScheduleJob,
): Promise<ScheduleState | undefined> => {
  const instead = await otherPlaces(path, args);
  if (instead === undefined) return undefined;
  const files = [{ path, state: "different" as const }];
  return { kind, files, active: false, instead, problem: otherScheduleProblem(instead) };
};
