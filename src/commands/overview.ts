// mailcert without a command: what is on this host, and the next sensible command.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { overviewDocument, overviewText } from "../reports/overview.ts";
import { overview } from "../usecases/overview.ts";

export const bare: CommandModule = {
  declare: () => undefined,
  run: async ({ host, output, world }) => {
    const root = host.uid === 0;
    const result = await overview(await world(), root);
    const told = { version: host.version, root, now: host.now() };
    output.result(overviewText(result, told), overviewDocument(result, told));
    return exitStatus.done;
  },
};
