// Look: something starts `renew` every hour, and it did.
import { join } from "node:path";
import { nothing, ofFindings } from "../../domain/doctor/finding.ts";
import { schedulable, scheduleLooked } from "../../domain/doctor/schedule.ts";
import { Failure } from "../../domain/failure.ts";
import { trouble } from "../preflight-trouble.ts";
import { canRunHourly, scheduleJob, showSchedule } from "../schedule.ts";
import { unlessFailure } from "../unless-failure.ts";

import type { DoctorTools } from "./tools.ts";
import type { Look } from "./look.ts";

/** Every run that may change something writes its name into the lock; a schedule that is new has not had its hour yet. */
const quietSince = async ({ factsOf }: DoctorTools, paths: readonly string[]): Promise<string | undefined> => {
  const all = (await Promise.all(paths.map(factsOf))).flatMap((facts) => (facts ? [facts.writtenMs] : []));
  return all.length === 0 ? undefined : new Date(Math.max(...all)).toISOString();
};

export const scheduleLook: Look = {
  id: "schedule",
  title: "hourly run",
  look: async ({ world, tools, certificates, configTrouble, state }, told) => {
    // What it would be compared with is not known.
    if (configTrouble) return { ...nothing, unseen: ["hourly run: what it is to do stands in the configuration"] };
    const deps = await world.scheduling();
    const possible = await canRunHourly(deps);
    // Nothing is to be renewed.
    if (certificates.length === 0) return schedulable(possible);
    const all = (await world.config.read())?.certificates ?? [];
    const states = await unlessFailure(async () => showSchedule(deps, await scheduleJob(world, deps, all)));
    if (states instanceof Failure) return ofFindings([trouble("doctor-schedule", states)]);
    const files = states.flatMap((state) => state.files);
    const ours = files.filter(({ state }) => state === "current" || state === "different").map(({ path }) => path);
    const quiet = await quietSince(tools, [join(world.store.dir, "lock"), ...ours]);
    const facts = states.map((state) => ({ ...state, ...(quiet === undefined ? {} : { quietSince: quiet }) }));
    const where = {
      gone: await tools.missingPrograms(ours),
      possible,
      // One whose state is damaged is served all the same.
      needed: certificates.some(
        ({ name }) => (state(name)?.generations.length ?? 0) > 0 || world.store.liveNumber(name) !== undefined,
      ),
      loops: (await deps.ownLoop?.()) ?? false,
      told,
    };
    return scheduleLooked(facts, where, world.now());
  },
};
