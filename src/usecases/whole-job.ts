// The hourly job with all that `schedule install` would write into it now, for comparing what is installed with it.
import { Failure } from "../domain/failure.ts";
import type { ScheduleJob } from "../system/scheduler.ts";
import { rememberLooks } from "./remember-looks.ts";
import { scheduleJob } from "./schedule.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** undefined: something of it cannot be looked at just now, and what is installed may be right all the same. */
export const wholeJob = async (given: World): Promise<ScheduleJob | undefined> => {
  const world = rememberLooks(given);
  const config = await unlessFailure(() => world.config.read());
  if (config === undefined || config instanceof Failure) return undefined;
  for (const server of Object.values(await world.servers()))
    if ((await unlessFailure(() => server.detect())) instanceof Failure) return undefined;
  const job = await unlessFailure(async () => scheduleJob(world, await world.scheduling(), config.certificates));
  return job instanceof Failure ? undefined : job;
};
