// mailcert setup --harden: the whole bootstrap with the servers' TLS policy: one plan, one yes, and the policy only where the certificate is served as it should be.
import type { Context } from "../cli/command.ts";
import { Failure } from "../domain/failure.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import { hasFault } from "../reports/deployment.ts";
import { hardenDocument, hardenHasFault, hardenText } from "../reports/harden.ts";
import { setupQuestion, setupText } from "../reports/setup.ts";
import { afterSetup } from "../usecases/after-setup.ts";
import { type HardenPlan, agreementOf, asResult, harden, needsWork, planHardening } from "../usecases/harden.ts";
import { type SetupResult, setup } from "../usecases/setup.ts";
import { unlessFailure } from "../usecases/unless-failure.ts";
import type { World } from "../usecases/world.ts";
import { type PolicyPart, asAgreed, settleUnfinished } from "./deploy-policy.ts";
import { afresh, confirmed, locked } from "./locked.ts";
import type { Told, Wished } from "./setup.ts";
import { refuseWithoutRights } from "./setup-asked.ts";
import { scheduleOf, waited } from "./setup-questions.ts";

/** `wished` asks a person at a terminal: without the lock, for renewals have to run meanwhile. */
export const setupHardened = async (
  context: Context,
  profile: PolicyName,
  wished: (world: World) => Promise<Wished>,
): Promise<Told> => {
  const { globals, host } = context;
  await settleUnfinished(context);
  const world = await context.world();
  const isAsked = host.ask !== undefined && !globals.yes && !globals.dryRun;
  if (isAsked) await refuseWithoutRights(world);
  const { certificate, options, asked: answered } = await wished(world);
  const asked = await planHardening(world, [certificate], profile);
  const difference = asResult(asked);
  const policy = { text: hardenText(difference), document: hardenDocument(difference), fault: false };
  const plan = (): Promise<SetupResult> => setup(world, certificate, { ...options, dryRun: true });
  if (globals.dryRun) return { result: await plan(), policy };
  // Who answered questions is shown what follows from that, also where no server's policy is to change.
  if (answered || asked.servers.some(needsWork)) {
    const shown = async (): Promise<string> => {
      const after = await afterSetup(world, certificate, { schedule: scheduleOf(context), dryRun: true });
      const planned = await plan();
      return `${setupText(planned, after, host.now(), policy.text)}\n\n${setupQuestion(planned)}`;
    };
    await confirmed(context, globals.yes || !host.ask ? "" : await shown());
  }
  return locked(afresh(context), async (here) => {
    const result = await setup(waited(context, here), certificate, { ...options, dryRun: false });
    return { result, policy: await policyOf(here, result, asked, globals.yes) };
  });
};

const policyOf = async (
  world: World,
  { plan, deployed }: SetupResult,
  asked: HardenPlan,
  yes: boolean,
): Promise<PolicyPart> => {
  const again = `mailcert deploy --harden=${asked.profile}`;
  if (!deployed || hasFault(deployed))
    return { text: `TLS policy: NOT touched; mend the above first, then run: ${again}`, fault: false };
  const agreed = asAgreed(agreementOf(asked), yes, agreementOf);
  const done = await unlessFailure(() => harden(world, [plan.certificate], asked.profile, agreed));
  // The certificate is served all the same, and that is to be told.
  if (done instanceof Failure) return { text: `TLS policy: NOT set: ${done.message}\n  -> ${again}`, fault: true };
  return { text: hardenText(done), document: hardenDocument(done), fault: hardenHasFault(done) };
};
