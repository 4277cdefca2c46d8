// What ended one certificate's part of a run, as a Failure: the others go on, be it after a bug of ours.
import { Failure } from "../domain/failure.ts";
import type { World } from "./world.ts";

export const stopped = (): Failure => new Failure("try-later", "stopped; the next run goes on from here");

/** Stopped at what no later run does unasked. */
export const stoppedForced = (name: string): Failure =>
  new Failure("try-later", "stopped; nothing is due, so that no run goes on with it by itself", {
    hints: [`to go on with it: mailcert renew --force ${name}`],
  });

const bugFailure = (error: unknown): Failure =>
  new Failure(
    "unavailable",
    `this is a bug in mailcert: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    {
      hints: ["please report it with these lines"],
      cause: error,
    },
  );

/** Whatever ends a job that others do not depend on, as a Failure. */
export const orFailure = async <Result>(
  world: Pick<World, "signal">,
  job: () => Promise<Result>,
): Promise<Result | Failure> => {
  try {
    return await job();
  } catch (error) {
    return failureOf(error, world);
  }
};

export const failureOf = (error: unknown, { signal }: Pick<World, "signal">): Failure => {
  if (error instanceof Failure) return error;
  return signal.aborted ? stopped() : bugFailure(error);
};
