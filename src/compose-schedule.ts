// What the schedule is made of on the real host. A part of compose.ts, loaded when one is asked about.
import { hostname } from "node:os";
import type { Host } from "./cli/host.ts";
import { createCron } from "./system/cron.ts";
import { ownLoopRuns } from "./system/own-loop.ts";
import { findOffence } from "./system/root-only.ts";
import type { RunProgram } from "./system/run.ts";
import { createSystemd } from "./system/systemd.ts";
import type { RenderTemplate } from "./system/templates.ts";
import type { ScheduleDeps } from "./usecases/schedule-tools.ts";

export const openScheduling = (
  run: RunProgram,
  render: RenderTemplate,
  { uid, nodePath, programPath, startsItself }: Pick<Host, "uid" | "nodePath" | "programPath" | "startsItself">,
  stateDir: string,
): ScheduleDeps => ({
  schedulers: { systemd: createSystemd({ run, render }), cron: createCron({ run, render }) },
  findOffence,
  ownLoop: () => ownLoopRuns(stateDir, uid),
  uid,
  nodePath,
  programPath,
  ...(startsItself === true ? { startsItself: true } : {}),
  hostName: hostname(),
});
