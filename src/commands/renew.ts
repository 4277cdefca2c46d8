// mailcert renew: what a timer runs.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { renewDocument, renewText } from "../reports/renew.ts";
import { renew } from "../usecases/renew.ts";
import { chosenCertificates } from "./chosen-certificates.ts";
import { accept, locked } from "./locked.ts";

const statuses = { done: exitStatus.done, fault: exitStatus.findings, waiting: exitStatus["try-later"] } as const;

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("[name...]", "certificates (default: all in the configuration)")
      .option("--force", "renew now, due or not")
      .option("--new-key", "with a new private key")
      .addHelpText(
        "after",
        `
Examples:
  mailcert renew --quiet
  mailcert renew --force mail.example.org
${exitStatusHelp([0, 1, 64, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const { args, options, globals, output, host } = context;
    const result = await locked(context, async (world) =>
      renew(world, await chosenCertificates(world, args), {
        force: options["force"] === true,
        newKey: options["newKey"] === true,
        named: args.length > 0,
        dryRun: globals.dryRun,
        replace: false,
        accept: globals.yes ? accept(context) : async () => false,
      }),
    );
    output.result(renewText(result, host.now(), globals.quiet), renewDocument(result));
    return globals.dryRun ? exitStatus.done : statuses[result.outcome];
  },
};
