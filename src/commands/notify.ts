// mailcert notify: a test of who is told.
import { Argument } from "commander";
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { notifyDocument, notifyTestText } from "../reports/notify.ts";
import { notifyTest } from "../usecases/notify-test.ts";
import { chosenConfig } from "./chosen-certificates.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command.addArgument(new Argument("<action>", "what to do").choices(["test"])).addHelpText(
      "after",
      `
test tells everybody whom notify: of the configuration names: a mail and a webhook
that say that they are a test, the health check's ping, the file for Prometheus.
Nothing that is remembered changes: real news come all the same.

Examples:
  mailcert notify test
  mailcert notify test --dry-run
${exitStatusHelp([0, 1, 64, 77, 78])}`,
    ),
  run: async ({ globals, output, world }) => {
    const here = await world();
    const { config } = await chosenConfig(here, []);
    const result = await notifyTest(here, config, globals.dryRun);
    const ok = result.channels.every(({ failure }) => failure === undefined);
    output.result(notifyTestText(result), notifyDocument(result), !ok);
    return ok ? exitStatus.done : exitStatus.findings;
  },
};
