// mailcert status: what is on this host, how far it got, what happens next.
import type { CommandModule } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { exitStatusHelp } from "../cli/program.ts";
import { Failure } from "../domain/failure.ts";
import { hourlyWarnings, statusDocument, statusText } from "../reports/status.ts";
import { runAtWork } from "../usecases/run-at-work.ts";
import { hourlyRun } from "../usecases/schedule.ts";
import { status } from "../usecases/status.ts";
import { knownNames } from "./chosen-certificates.ts";

export { bare } from "./overview.ts";

export const command: CommandModule = {
  declare: (command) =>
    void command.argument("[name...]", "certificates (default: all)").addHelpText(
      "after",
      `
Stages: staged (made), switched (its files are live), reloaded (the servers were
told), verified (seen at every entry point); live (no server is to serve it),
taken out (deploy --remove).

Examples:
  mailcert status
  mailcert status --json mail.example.org
${exitStatusHelp([0, 1, 64, 65, 77, 78])}`,
    ),
  run: async ({ args, globals, output, host, world }) => {
    const here = await world();
    const all = await status(here, [], host.uid === 0);
    const unknown = args.find((name) => !all.certificates.some((one) => one.name === name));
    if (unknown !== undefined) {
      throw new Failure("usage", `no certificate is named "${unknown.slice(0, 100)}"`, {
        hints: [knownNames(all.certificates.map(({ name }) => name))],
      });
    }
    const result = args.length === 0 ? all : await status(here, args, host.uid === 0);
    const renewing = result.certificates.some(({ configured }) => configured);
    // Others than root may not see what servers there are.
    const job =
      renewing && host.uid === 0 ? await (await import("../usecases/whole-job.ts")).wholeJob(here) : undefined;
    const hourly = renewing ? await hourlyRun(here, job) : undefined;
    const atWork = await runAtWork(here);
    for (const warning of await here.config.warnings()) output.warn(warning);
    // The table says it below; with --quiet there is no table where all is well.
    const warnings = hourly ? hourlyWarnings(hourly, host.now()) : [];
    if (globals.quiet && !globals.json && result.ok) for (const warning of warnings) output.warn(warning);
    output.result(statusText(result, hourly, host.now(), atWork), statusDocument(result, hourly, atWork), !result.ok);
    return result.ok ? exitStatus.done : exitStatus.findings;
  },
};
