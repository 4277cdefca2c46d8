// flock(1) on a descriptor that this process keeps open: the lock belongs to the open file, outlives the program, and the kernel frees it.
import { Failure } from "../domain/failure.ts";
import type { RunProgram } from "./run.ts";

/** util-linux's flock exits with this (-E) when somebody else holds the lock. */
const held = 75;

/** Whether the lock was free, or became so within `waitSeconds` (fewer than a program's deadline). `path` is for the message. @throws Failure (`facts.code` is `ENOENT` where flock is not installed) */
export const flock = async (
  run: RunProgram,
  descriptor: number,
  path: string,
  waitSeconds?: number,
): Promise<boolean> => {
  const wait = waitSeconds === undefined ? ["-n"] : ["-w", String(waitSeconds)];
  const { status } = await run("flock", [...wait, "-x", "-E", String(held), "3"], { descriptors: [descriptor] });
  if (status === held) return false;
  if (status !== 0) throw new Failure("cannot-create", `cannot lock ${path}: flock ended with status ${status}`);
  return true;
};

/** Whether somebody holds it for himself alone. Ours lasts until the descriptor is closed: a run that begins meanwhile would be turned away. */
export const isHeld = async (run: RunProgram, descriptor: number): Promise<boolean> =>
  (await run("flock", ["-n", "-s", "-E", String(held), "3"], { descriptors: [descriptor] })).status === held;
