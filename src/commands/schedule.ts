// mailcert schedule: the hourly run of renew, shown, installed, removed.
import { Option } from "commander";
import { withActions } from "../cli/actions.ts";
import type { Action, CommandModule, Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { Failure } from "../domain/failure.ts";
import {
  scheduleInstallDocument,
  scheduleInstallIsWell,
  scheduleInstallText,
  scheduleIsHealthy,
  scheduleRemoveDocument,
  scheduleRemoveText,
  scheduleShowDocument,
  scheduleShowText,
} from "../reports/schedule.ts";
import {
  type InstallSchedule,
  installSchedule,
  noneNote,
  refuseWithout,
  removeSchedule,
} from "../usecases/install-schedule.ts";
import { canRunHourly, scheduleJob, showSchedule } from "../usecases/schedule.ts";
import { recordInstalled, recordRemoved } from "../usecases/schedule-events.ts";

const install = async ({ world, options, globals, output }: Context): Promise<number> => {
  const here = await world();
  const deps = await here.scheduling();
  const config = await here.config.read();
  if (config === undefined) {
    throw new Failure("config", `there is no configuration at ${here.config.path}: nothing to renew`, {
      hints: ["make one: mailcert setup mail.example.org"],
    });
  }
  if (options["schedule"] === undefined) await refuseWithout(deps);
  const result = await installSchedule(deps, {
    job: await scheduleJob(here, deps, config.certificates),
    schedule: (options["schedule"] as InstallSchedule["schedule"] | undefined) ?? "auto",
    dryRun: globals.dryRun,
  });
  await recordInstalled(here, result);
  const ok = scheduleInstallIsWell(result);
  output.result(scheduleInstallText(result), scheduleInstallDocument(result), !ok);
  return ok ? exitStatus.done : exitStatus.findings;
};

const show = async ({ world, output }: Context): Promise<number> => {
  const here = await world();
  const deps = await here.scheduling();
  const certificates = (await here.config.read())?.certificates ?? [];
  const states = await showSchedule(deps, await scheduleJob(here, deps, certificates));
  const without = (await canRunHourly(deps)) ? undefined : noneNote;
  output.result(scheduleShowText(states, without), scheduleShowDocument(states));
  return scheduleIsHealthy(states) ? exitStatus.done : exitStatus.findings;
};

/** Works with a configuration that is missing or broken, too. */
const remove = async ({ world, globals, output }: Context): Promise<number> => {
  const here = await world();
  const deps = await here.scheduling();
  const result = await removeSchedule(deps, await scheduleJob(here, deps, []), globals.dryRun);
  await recordRemoved(here, result);
  output.result(scheduleRemoveText(result), scheduleRemoveDocument(result), false);
  return exitStatus.done;
};

const actions: Readonly<Record<string, Action>> = {
  show: {
    summary: "what is installed, when it ran and runs next, what that came to",
    examples: ["mailcert schedule show", "mailcert schedule show --json"],
    statuses: [0, 1, 64, 69, 77, 78],
    run: show,
  },
  install: {
    summary: "writes the timer or the cron line, and starts one run at once",
    declare: (command) =>
      void command.addOption(
        new Option("--schedule <KIND>", "which one (default: systemd where it runs, else cron)").choices([
          "systemd",
          "cron",
        ]),
      ),
    about:
      "It shows what that run came to. It refuses a program that somebody other than\nroot can change, and to write over the schedule of another configuration.",
    examples: ["mailcert schedule install", "mailcert schedule install --schedule cron --dry-run"],
    statuses: [0, 1, 64, 69, 73, 77, 78],
    run: install,
  },
  remove: {
    summary: "takes away what schedule install wrote",
    examples: ["mailcert schedule remove --dry-run", "mailcert schedule remove"],
    statuses: [0, 64, 69, 73, 77, 78],
    run: remove,
  },
};

export const command: CommandModule = withActions(actions);
