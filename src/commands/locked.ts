// Runs a job under the state folder's lock; a dry run takes none.
import type { Context } from "../cli/command.ts";
import { Failure } from "../domain/failure.ts";
import type { World } from "../usecases/world.ts";

export const locked = async <Result>(context: Context, job: (world: World) => Promise<Result>): Promise<Result> => {
  const world = await context.world();
  if (context.globals.dryRun) return job(world);
  const lock = await world.store.lock(world.command);
  try {
    // They harm nobody where they cannot be removed, and the next run is as good.
    if (lock.cutShort) await world.store.clearLeftovers().catch(() => undefined);
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

/** Asks before what nothing takes back. @throws Failure `usage` where nobody can be asked, `config` where the answer is no: as with a CA's terms, and later is no better. */
export const confirmed = async (context: Context, question: string): Promise<void> => {
  const { host, globals } = context;
  if (!globals.yes && !host.ask)
    throw new Failure("usage", "nothing was changed: this asks first, and there is no terminal to ask at", {
      hints: ["--dry-run shows what would be done; --yes says yes to it"],
    });
  if (!(await accept(context)(question))) throw new Failure("config", "not confirmed: nothing was changed");
};

/** Ends the round in which a person is asked. */
const agreed = new Failure("try-later", "agreed to; now under the lock");

/**
 * A job that nothing takes back, under the lock, after a yes. A person may take an hour to answer, and renewals have to run meanwhile: it is
 * planned and asked without the lock, then planned again under it, where the question must be the same.
 * @param job calls `confirm` before it changes anything.
 */
export const confirming = async <Result>(
  context: Context,
  job: (world: World, confirm: (question: string) => Promise<void>) => Promise<Result>,
): Promise<Result> => {
  const { globals, newWorld } = context;
  let asked: string | undefined;
  if (!globals.dryRun && !globals.yes) {
    try {
      return await job(await context.world(), async (question) => {
        await confirmed(context, question);
        asked = question;
        throw agreed;
      });
    } catch (error) {
      if (error !== agreed) throw error;
    }
  }
  const same = async (question: string): Promise<void> => {
    if (asked !== undefined && question !== asked)
      throw new Failure(
        "try-later",
        `nothing was changed: another run has made it another matter meanwhile: ${question}`,
        {
          hints: ["run the command again"],
        },
      );
  };
  // What stands in files may be another since.
  return locked({ ...context, world: newWorld }, (world) => job(world, same));
};
