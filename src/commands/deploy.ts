// mailcert deploy: switch, configure, reload, prove; or take everything out again.
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { hasUnissued } from "../domain/unissued.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import { policyNames } from "../domain/tls-policy.ts";
import { deployDocument, deployOutcome, deployText } from "../reports/deploy.ts";
import { deployPlanDocument, deployPlanText } from "../reports/deploy-plan.ts";
import { hasTrouble, removalDocument, removalText } from "../reports/removal.ts";
import { type DeployAttempt, deployAll } from "../usecases/deploy-all.ts";
import { type DeployPlan, planDeployments } from "../usecases/plan-deploy.ts";
import { dangersOf, remove } from "../usecases/remove.ts";
import type { World } from "../usecases/world.ts";
import { chosenCertificates } from "./chosen-certificates.ts";
import { asAgreed, settleUnfinished, tellUnfinished, wantedPolicy, withoutPolicy } from "./deploy-policy.ts";
import { deployRepair } from "./deploy-repair.ts";
import { accept, afresh, confirmed, locked } from "./locked.ts";

const statuses = { done: exitStatus.done, fault: exitStatus.findings, waiting: exitStatus["try-later"] } as const;

export const command: CommandModule = {
  completion: { takes: { "--harden": { words: [...policyNames, "none"] } } },
  declare: (command) =>
    void command
      .argument("[name...]", "certificates (default: all in the configuration)")
      .option("--remove", "take mailcert's settings out of the servers again, where they are still its own")
      .option(
        "--replace",
        "also where a better trusted certificate is served now, or DNS (DANE, MTA-STS) is against it",
      )
      .option(
        "--harden [PROFILE]",
        "also bring the servers' TLS policy up to Mozilla's guideline 6.0: intermediate (default), or modern; shows the difference and asks. none: takes that policy out again, and leaves the certificates",
      )
      .option("--repair", "after an upgrade of a server: settings in its new words, the server started, proof")
      .addHelpText(
        "after",
        `
Examples:
  mailcert deploy
  mailcert deploy --harden --dry-run
  mailcert deploy --remove mail.example.org
${exitStatusHelp([0, 1, 64, 65, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const { args, options, globals, output, host } = context;
    const profile = wantedPolicy(options, "deploy");
    if (options["repair"] === true) return deployRepair(context);
    if (options["remove"] === true && profile !== undefined) throw withRemove();
    if (options["remove"] === true) return takeOut(context);
    if (profile === "none") return withoutPolicy(context);
    if (profile !== undefined) return deployHardened(context, profile);
    if (globals.dryRun) {
      const plans = await deployPlans(await context.world(), args);
      output.result(deployPlanText(plans), deployPlanDocument(plans));
      return hasUnissued(plans) ? exitStatus.findings : exitStatus.done;
    }
    const all = await locked(context, (world) => deployChosen(world, context));
    const attempts = all.map((one) => (one.failure ? { ...one, failure: context.fitting(one.failure) } : one));
    const outcome = deployOutcome(attempts);
    output.result(deployText(attempts, host.now()), deployDocument(attempts), outcome !== "done");
    return statuses[outcome];
  },
};

const deployPlans = async (world: World, names: readonly string[]): Promise<readonly DeployPlan[]> =>
  planDeployments(world, await chosenCertificates(world, names));

const deployChosen = async (world: World, context: Context): Promise<readonly DeployAttempt[]> => {
  await tellUnfinished(context, world);
  return deployAll(world, await chosenCertificates(world, context.args), {
    replace: context.options["replace"] === true,
    accept: accept(context),
  });
};

/** The certificates first: a policy is set only where they are served as they should be. */
const deployHardened = async (context: Context, profile: PolicyName): Promise<number> => {
  const { args, globals, output, host } = context;
  const [{ agreementOf, asResult, harden, needsWork, planHardening }, report] = await Promise.all([
    import("../usecases/harden.ts"),
    import("../reports/harden.ts"),
  ]);
  await settleUnfinished(context);
  const world = await context.world();
  const asked = await planHardening(world, await chosenCertificates(world, args), profile);
  if (globals.dryRun) {
    const plans = await deployPlans(world, args);
    output.result(`${deployPlanText(plans)}\n\n${report.hardenText(asResult(asked))}`, {
      ...deployPlanDocument(plans),
      policy: report.hardenDocument(asResult(asked)),
    });
    return exitStatus.done;
  }
  if (asked.servers.some(needsWork)) await confirmed(context, report.hardenQuestion(asResult(asked)));
  const { attempts: all, hardened } = await locked(afresh(context), async (here) => {
    const attempts = await deployChosen(here, context);
    if (deployOutcome(attempts) !== "done") return { attempts, hardened: undefined };
    const chosen = await chosenCertificates(here, args);
    return {
      attempts,
      hardened: await harden(here, chosen, profile, asAgreed(agreementOf(asked), globals.yes, agreementOf)),
    };
  });
  const attempts = all.map((one) => (one.failure ? { ...one, failure: context.fitting(one.failure) } : one));
  const outcome = hardened && report.hardenHasFault(hardened) ? "fault" : deployOutcome(attempts);
  const policy = hardened
    ? report.hardenText(hardened)
    : "TLS policy: NOT touched; mend the above first, then run the command again";
  output.result(
    `${deployText(attempts, host.now())}\n\n${policy}`,
    {
      ...deployDocument(attempts),
      ok: outcome === "done",
      ...(hardened ? { policy: report.hardenDocument(hardened) } : {}),
    },
    outcome !== "done",
  );
  return statuses[outcome];
};

const withRemove = (): Failure =>
  new Failure("usage", "--remove takes the TLS policy out as well: --harden does not go with it", {
    hints: ["the policy alone, certificates stay: mailcert deploy --harden=none"],
  });

/** Each server's, in one sentence; they are undone, and done all the same, by the same commands. */
const inOne = (dangers: readonly Finding[]): string => dangers.map(({ message }) => message).join("; ");

const unserved = (dangers: readonly Finding[]): Failure =>
  new Failure("config", `nothing was changed: ${inOne(dangers)}`, {
    hints: [...new Set(dangers.flatMap(({ hint }) => hint ?? []))],
  });

/** Who cannot be asked is told what it is about, and what to do. */
const agreedTo = async (context: Context, dangers: readonly Finding[]): Promise<void> => {
  if (!context.host.ask) throw unserved(dangers);
  await confirmed(context, `${inOne(dangers)}. Take it out all the same?`);
};

const takeOut = async (context: Context): Promise<number> => {
  const { args, globals, output } = context;
  const asked = globals.dryRun || globals.yes ? [] : await dangersOf(await context.world(), args);
  if (asked.length > 0) await agreedTo(context, asked);
  const agreed = new Set(asked.map(({ message }) => message));
  // A person may take an hour to answer.
  const results = await locked(asked.length > 0 ? afresh(context) : context, (world) =>
    remove(world, args, {
      dryRun: globals.dryRun,
      confirm: async (dangers) => {
        if (!globals.yes && dangers.some(({ message }) => !agreed.has(message))) throw unserved(dangers);
      },
    }),
  );
  output.result(removalText(results), removalDocument(results));
  return hasTrouble(results) ? exitStatus.findings : exitStatus.done;
};
