// Look: something starts `renew` every hour, and it did.
import { ofFindings } from "../../domain/doctor/finding.ts";
import { scheduleLooked } from "../../domain/doctor/schedule.ts";
import { Failure } from "../../domain/failure.ts";
import { trouble } from "../preflight-trouble.ts";
import { scheduleJob, showSchedule } from "../schedule.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { Look } from "./look.ts";

export const scheduleLook: Look = {
  id: "schedule",
  title: "hourly run",
  look: async ({ world, tools, certificates }) => {
    // Nothing is to be renewed.
    if (certificates.length === 0) return ofFindings([]);
    const deps = await world.scheduling();
    const all = (await world.config.read())?.certificates ?? [];
    const states = await unlessFailure(async () => showSchedule(deps, await scheduleJob(world, deps, all)));
    if (states instanceof Failure) return ofFindings([trouble("doctor-schedule", states)]);
    const files = states.flatMap((state) => state.files);
    const ours = files.filter(({ state }) => state === "current" || state === "different").map(({ path }) => path);
    const { systemd, cron } = deps.schedulers;
    const possible = (await systemd.available()) || (await cron.available());
    return scheduleLooked(states, await tools.missingPrograms(ours), possible, world.now());
  },
};
