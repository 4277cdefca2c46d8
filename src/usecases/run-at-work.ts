// The run that holds the lock of the state just now, for those who look without it: what they see may be the middle of it.
import type { LockHolder } from "../domain/doctor/lock.ts";
import type { World } from "./world.ts";

export type RunAtWork = Omit<LockHolder, "path">;

/** undefined: none, or this user may not know. */
export const runAtWork = async (world: World): Promise<RunAtWork | undefined> => {
  const holder = await (await world.doctor()).lockHolder().catch(() => undefined);
  if (holder === undefined) return undefined;
  const { path: _path, ...run } = holder;
  return run;
};
