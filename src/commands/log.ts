// mailcert log: what was changed on this host.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import { logDocument, logText } from "../reports/log.ts";
import { knownNames } from "./chosen-certificates.ts";

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
    const all = await store.events();
    const known = [...new Set([...all.flatMap(({ certificate }) => certificate ?? []), ...store.list()])];
    if (name !== undefined && !known.includes(name)) {
      throw new Failure("usage", `no certificate is named "${name.slice(0, 100)}"`, { hints: [knownNames(known)] });
    }
    const events = all.filter((event) => name === undefined || event.certificate === name);
    output.result(logText(events, name), logDocument(events));
    return exitStatus.done;
  },
};
