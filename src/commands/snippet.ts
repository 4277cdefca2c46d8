// mailcert snippet: print a server's settings for a certificate, for pasting.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { serverNames } from "../domain/server-names.ts";
import { snippet } from "../usecases/snippet.ts";
import { chosenCertificate } from "./chosen-certificates.ts";

export const command: CommandModule = {
  completion: { takes: { server: { words: [...serverNames, "files"] } } },
  declare: (command) =>
    void command
      .argument("<server>", `${serverNames.join(", ")} or files`)
      .argument("[name]", "certificate (default: the only one)")
      .option("--server-version <version>", "print for this version, which need not be installed here, e.g. 2.4")
      .addHelpText(
        "after",
        `
Examples:
  mailcert snippet dovecot mail.example.org
  mailcert snippet dovecot --server-version 2.4
  mailcert snippet postfix mail.example.org
${exitStatusHelp([0, 64, 69, 78])}`,
      ),
  run: async ({ args, options, output, world: open }) => {
    const [server = "", name] = args;
    const given = options["serverVersion"];
    const version = typeof given === "string" ? given : undefined;
    const world = await open();
    const result = await snippet(world, await chosenCertificate(world, name), { server, version });
    const { text, ...facts } = result;
    output.result(text, { schema: "mailcert.snippet/1", ok: true, ...facts, snippet: text });
    return exitStatus.done;
  },
};
