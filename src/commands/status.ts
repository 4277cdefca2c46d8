// mailcert status: what is on this host, how far it got, what happens next.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import { statusDocument, statusText } from "../reports/status.ts";
import { status } from "../usecases/status.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command.argument("[name...]", "certificates (default: all)").addHelpText(
      "after",
      `
Examples:
  mailcert status
  mailcert status --json mail.example.org
${exitStatusHelp([0, 1, 64, 65, 77, 78])}`,
    ),
  run: async ({ args, output, host, world }) => {
    const result = await status(await world(), args);
    const unknown = args.find((name) => !result.certificates.some((one) => one.name === name));
    if (unknown !== undefined) throw new Failure("usage", `no certificate is named "${unknown.slice(0, 100)}"`);
    output.result(statusText(result, host.now()), statusDocument(result));
    return result.ok ? exitStatus.done : exitStatus.findings;
  },
};
