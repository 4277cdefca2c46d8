// mailcert import: take over what another ACME client made.
import { Argument } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp, list } from "../cli/program.ts";
import { ownPath } from "../domain/own-path.ts";
import { type ImportClient, importClients } from "../domain/import-clients.ts";
import { importDocument, importText } from "../reports/import.ts";
import { importFrom } from "../usecases/import.ts";
import { locked } from "./locked.ts";

export const command: CommandModule = {
  mayMakeConfig: true,
  declare: (command) =>
    void command
      .addArgument(new Argument("<client>", "whose files").choices(importClients))
      .argument("[dir]", "where it keeps them (default: its usual folder)")
      .option("--name <NAME>", "which of its certificates, where it keeps several; repeatable", list)
      .option("--acme <URL>", "ACME directory, where the client does not write it down (lego)")
      .option("--ca-file <FILE>", "trust for the ACME server's own HTTPS (PEM), for later renewals")
      .addHelpText(
        "after",
        `
Takes over accounts (the same account URL), keys, certificates and what has a counterpart of the settings; lists the rest.
Nothing of the other client's is changed, nothing is deployed: mailcert setup NAME, or the next renew, does that.

Examples:
  mailcert import certbot --name mail.example.org
  mailcert import acme.sh /root/.acme.sh --dry-run
${exitStatusHelp([0, 64, 65, 73, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const { args, options, globals, output, host } = context;
    const [client, folder] = args;
    const caFile = options["caFile"] as string | undefined;
    const directory = options["acme"] as string | undefined;
    const result = await locked(context, (world) =>
      importFrom(world, {
        client: client as ImportClient,
        ...(folder === undefined ? {} : { folder: ownPath(host, folder) }),
        names: (options["name"] as readonly string[] | undefined) ?? [],
        ...(directory === undefined ? {} : { directory }),
        ...(caFile === undefined ? {} : { caFile: ownPath(host, caFile) }),
        dryRun: globals.dryRun,
      }),
    );
    output.result(importText(result, host.now()), importDocument(result), false);
    return exitStatus.done;
  },
};
