// mailcert deploy: switch, configure, reload, prove; or take everything out again.
import type { CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { deployDocument, deployOutcome, deployText } from "../reports/deploy.ts";
import { deployPlanDocument, deployPlanText } from "../reports/deploy-plan.ts";
import { hasTrouble, removalDocument, removalText } from "../reports/removal.ts";
import { deployAll } from "../usecases/deploy-all.ts";
import { planDeploy } from "../usecases/plan-deploy.ts";
import { remove } from "../usecases/remove.ts";
import { chosenCertificates } from "./chosen-certificates.ts";
import { deployRepair } from "./deploy-repair.ts";
import { accept, locked } from "./locked.ts";

const statuses = { done: exitStatus.done, fault: exitStatus.findings, waiting: exitStatus["try-later"] } as const;

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name...]", "certificates (default: all in the configuration)")
      .option("--remove", "take mailcert's settings out of the servers again, where they are still its own")
      .option(
        "--replace",
        "also where a better trusted certificate is served now, or DNS (DANE, MTA-STS) is against it",
      )
      .option("--repair", "after an upgrade of a server: settings in its new words, the server started, proof")
      .addHelpText(
        "after",
        `
Examples:
  mailcert deploy
  mailcert deploy --remove mail.example.org
${exitStatusHelp([0, 1, 64, 65, 75, 77, 78])}`,
      ),
  run: async (context) => {
    if (context.options["repair"] === true) return deployRepair(context);
    if (context.options["remove"] === true) return takeOut(context);
    const { args, options, globals, output, host } = context;
    if (globals.dryRun) {
      const world = await context.world();
      const plans = [];
      for (const certificate of await chosenCertificates(world, args)) plans.push(await planDeploy(world, certificate));
      output.result(deployPlanText(plans), deployPlanDocument(plans));
      return exitStatus.done;
    }
    const all = await locked(context, async (world) =>
      deployAll(world, await chosenCertificates(world, args), {
        replace: options["replace"] === true,
        accept: accept(context),
      }),
    );
    const attempts = all.map((one) => (one.failure ? { ...one, failure: context.fitting(one.failure) } : one));
    const outcome = deployOutcome(attempts);
    output.result(deployText(attempts, host.now()), deployDocument(attempts), outcome !== "done");
    return statuses[outcome];
  },
};

const takeOut = async (context: Context): Promise<number> => {
  const { args, output } = context;
  const results = await locked(context, (world) => remove(world, args, { dryRun: context.globals.dryRun }));
  output.result(removalText(results), removalDocument(results));
  return hasTrouble(results) ? exitStatus.findings : exitStatus.done;
};
