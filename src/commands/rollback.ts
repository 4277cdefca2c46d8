// mailcert rollback: back to the generation before.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { deploymentDocument, deploymentText, hasFault } from "../reports/deployment.ts";
import { findingLines } from "../reports/findings-text.ts";
import { rollback, rollbackForeseen, rollbackTarget } from "../usecases/rollback.ts";
import { chosenCertificate } from "./chosen-certificates.ts";
import { tellUnfinished } from "./deploy-policy.ts";
import { accept, locked } from "./locked.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name]", "the certificate (default: the only one)")
      .option("--replace", "also where DNS (TLSA, MTA-STS) tells other servers to refuse that certificate")
      .addHelpText(
        "after",
        `
Examples:
  mailcert rollback mail.example.org
  mailcert rollback mail.example.org --dry-run
${exitStatusHelp([0, 1, 64, 65, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const { args, options, globals, output, host } = context;
    const [name] = args;
    if (globals.dryRun) {
      const world = await context.world();
      const entry = await chosenCertificate(world, name);
      const { name: certificate } = entry;
      const { number: generation, thrownAway } = rollbackTarget(world, certificate);
      const also = thrownAway === undefined ? "" : `; generation ${thrownAway}, which is staged, would be thrown away`;
      const findings = rollbackForeseen(world, entry);
      const plan = `${certificate}: would go back to generation ${generation}${also}`;
      output.result([plan, ...findings.flatMap((one) => findingLines(one, "  "))].join("\n"), {
        schema: "mailcert.rollback/1",
        ok: true,
        dryRun: true,
        certificate,
        generation,
        ...(thrownAway === undefined ? {} : { thrownAway }),
        ...(findings.length === 0 ? {} : { findings }),
      });
      return exitStatus.done;
    }
    const result = await locked(context, async (world) => {
      await tellUnfinished(context, world);
      return rollback(world, await chosenCertificate(world, name), {
        replace: options["replace"] === true,
        accept: accept(context),
      });
    });
    const document = { schema: "mailcert.rollback/1", ok: !hasFault(result), ...deploymentDocument(result) };
    output.result(deploymentText(result, host.now()), document, hasFault(result));
    return hasFault(result) ? exitStatus.findings : exitStatus.done;
  },
};
