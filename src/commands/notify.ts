// mailcert notify: a test of who is told.
import { withActions } from "../cli/actions.ts";
import type { Action, CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { notifyDocument, notifyTestText } from "../reports/notify.ts";
import { notifyTest } from "../usecases/notify-test.ts";
import { chosenConfig } from "./chosen-certificates.ts";

const actions: Readonly<Record<string, Action>> = {
  test: {
    summary: "tells everybody whom notify: of the configuration names",
    about: `A mail and a webhook that say that they are a test, the health check's ping, the
file for Prometheus. Nothing that is remembered changes: real news come all the
same.`,
    examples: ["mailcert notify test", "mailcert notify test --dry-run"],
    statuses: [0, 1, 64, 77, 78],
    run: async ({ globals, output, world }) => {
      const here = await world();
      const { config } = await chosenConfig(here, []);
      const result = await notifyTest(here, config, globals.dryRun);
      const ok = result.channels.every(({ failure }) => failure === undefined);
      output.result(notifyTestText(result), notifyDocument(result), !ok);
      return ok ? exitStatus.done : exitStatus.findings;
    },
  },
};

export const command: CommandModule = withActions(actions);
