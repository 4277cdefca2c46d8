// Runs a job under the state folder's lock; a dry run takes none.
import type { Context } from "../cli/command.ts";
import { Failure } from "../domain/failure.ts";
import type { World } from "../usecases/world.ts";

/** What stands in files may be another since a person was asked: adapters anew, for the same run. */
export const afresh = (context: Context): Context => ({
  ...context,
  world: async () => context.newWorld((await context.world()).run),
});

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

/** A question before anything is done. @throws Failure `try-later` where the person gives up (Ctrl-C, Ctrl-D). */
export const asksFirst =
  (ask: (question: string) => Promise<string>) =>
  async (question: string): Promise<string> => {
    try {
      return await ask(question);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "AbortError") throw error;
      throw new Failure("try-later", "stopped at the question; nothing was changed", { cause: error });
    }
  };

const saysYes = async (ask: (question: string) => Promise<string>, question: string): Promise<boolean> =>
  /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());

/** Asks a person about an edit of somebody else's file: --yes says yes, no TTY says no. Who gives up at it has stopped the run, in which things were done already. */
export const accept =
  ({ host, globals }: Context) =>
  async (question: string): Promise<boolean> => {
    if (globals.yes) return true;
    return host.ask ? saysYes(host.ask, question) : false;
  };

/** Asks before what nothing takes back. @throws Failure `usage` where nobody can be asked, `config` where the answer is no: as with a CA's terms, and later is no better. */
export const confirmed = async ({ host, globals }: Context, question: string): Promise<void> => {
  if (globals.yes) return;
  if (!host.ask)
    throw new Failure("usage", "nothing was changed: this asks first, and there is no terminal to ask at", {
      hints: ["--dry-run shows what would be done; --yes says yes to it"],
    });
  if (!(await saysYes(asksFirst(host.ask), question)))
    throw new Failure("config", "not confirmed: nothing was changed");
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
  const { globals } = context;
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
  return locked(afresh(context), (world) => job(world, same));
};
