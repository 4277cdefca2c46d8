// Runs a job under the state folder's lock; a dry run takes none.
import type { Context } from "../cli/command.ts";
import type { World } from "../usecases/world.ts";

export const locked = async <Result>(context: Context, job: (world: World) => Promise<Result>): Promise<Result> => {
  const world = await context.world();
  if (context.globals.dryRun) return job(world);
  const lock = await world.store.lock(world.command);
  try {
    return await job(world);
  } finally {
    lock.release();
  }
};

/** Asks a person about an edit of somebody else's file: --yes says yes, no TTY says no. */
export const accept =
  ({ host, globals }: Context) =>
  async (question: string): Promise<boolean> => {
    if (globals.yes) return true;
    if (!host.ask) return false;
    return /^y(es)?$/i.test((await host.ask(`${question} [y/N] `)).trim());
  };
