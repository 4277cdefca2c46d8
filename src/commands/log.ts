// mailcert log: what was changed on this host.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { logDocument, logText } from "../reports/log.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command.argument("[name]", "only this certificate").addHelpText(
      "after",
      `
Examples:
  mailcert log
  mailcert log mail.example.org --json
${exitStatusHelp([0, 64, 77])}`,
    ),
  run: async ({ args: [name], output, world }) => {
    const { store } = await world();
    const events = (await store.events()).filter((event) => name === undefined || event.certificate === name);
    output.result(logText(events), logDocument(events));
    return exitStatus.done;
  },
};
