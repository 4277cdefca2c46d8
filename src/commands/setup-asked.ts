// mailcert setup at a terminal: what it was not told is asked, the plan is shown, and nothing is changed before a yes.
import type { Context } from "../cli/command.ts";
import { Failure } from "../domain/failure.ts";
import { setupQuestion, setupText } from "../reports/setup.ts";
import { afterSetup } from "../usecases/after-setup.ts";
import { type SetupResult, setup } from "../usecases/setup.ts";
import type { World } from "../usecases/world.ts";
import { settleUnfinished, tellUnfinished } from "./deploy-policy.ts";
import { afresh, confirmed, locked } from "./locked.ts";
import type { Wished } from "./setup.ts";
import { scheduleOf, waited } from "./setup-questions.ts";

/** Nobody is asked anything who then is told that they may not. A lock would make the state folder before anybody said yes. */
export const refuseWithoutRights = async (world: World): Promise<void> => {
  const { dir } = world.store;
  const trouble = await (await world.preflight()).accessTrouble(dir);
  if (trouble === undefined) return;
  throw new Failure("no-permission", `nothing can be written below ${dir}: ${trouble}`, {
    hints: ["run the command as root", "mailcert setup NAME --dry-run shows what it would do"],
  });
};

/** Without the lock, for renewals have to run while a person thinks. `wished` asks. */
export const setupAsked = async (context: Context, wished: (world: World) => Promise<Wished>): Promise<SetupResult> => {
  const { globals, host } = context;
  await settleUnfinished(context);
  const world = waited(context, await context.world());
  await refuseWithoutRights(world);
  const { certificate, options, asked } = await wished(world);
  const known = (await world.config.read())?.certificates.some(({ name }) => name === certificate.name) === true;
  if (asked || (!known && !globals.quiet)) {
    const plan = await setup(world, certificate, { ...options, dryRun: true });
    const after = await afterSetup(world, certificate, { schedule: scheduleOf(context), dryRun: true });
    const text = setupText(plan, after, host.now());
    // Who has said all of it is shown what follows from that.
    if (asked) await confirmed(context, `${text}\n\n${setupQuestion(plan)}`);
    else host.stderr.write(`${text}\n\n`);
  }
  return locked(afresh(context), async (here) => {
    await tellUnfinished(context, here);
    return setup(waited(context, here), certificate, { ...options, dryRun: false });
  });
};
