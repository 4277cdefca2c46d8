// mailcert revoke: replace what is live, then revoke it.
import { Option } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import { type RevocationReason, revocationReasonNames } from "../domain/revocation.ts";
import { revokeDocument, revokeText } from "../reports/revoke.ts";
import { revoke } from "../usecases/revoke.ts";
import { knownNames } from "./chosen-certificates.ts";
import { accept, confirming } from "./locked.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command
      .argument("<name>", "certificate")
      .addOption(
        new Option("--reason <REASON>", "why (default unspecified); keyCompromise makes a new key").choices(
          revocationReasonNames,
        ),
      )
      .option("--replace", "go on although DNS (TLSA, MTA-STS) is against what takes its place")
      .addHelpText(
        "after",
        `
What is live is replaced first: a new certificate is issued, deployed and proven,
then the old one is revoked. A revoked certificate is never served again, and a
compromised key never certified again. Asks first; no CA takes a revocation back.

Examples:
  mailcert revoke mail.example.org --reason superseded
  mailcert revoke mail.example.org --reason keyCompromise --dry-run
${exitStatusHelp([0, 1, 64, 65, 69, 73, 75, 77, 78])}`,
      ),
  run: async (context) => {
    const { args, options, globals, output, host } = context;
    const [name = ""] = args;
    const reason = options["reason"] as RevocationReason | undefined;
    const result = await confirming(context, async (world, confirm) => {
      const certificates = (await world.config.read())?.certificates ?? [];
      const certificate = certificates.find((one) => one.name === name);
      const known = [...new Set([...certificates.map((one) => one.name), ...world.store.list()])];
      if (!known.includes(name))
        throw new Failure("usage", `no certificate is named "${name.slice(0, 100)}"`, { hints: [knownNames(known)] });
      return revoke(world, name, certificate, {
        ...(reason === undefined ? {} : { reason }),
        dryRun: globals.dryRun,
        replace: options["replace"] === true,
        accept: globals.yes ? accept(context) : async () => false,
        confirm,
      });
    });
    const trouble = result.outcome === "not-replaced" || result.outcome === "unfinished";
    output.result(revokeText(result, host.now()), revokeDocument(result), trouble);
    return trouble ? exitStatus.findings : exitStatus.done;
  },
};
