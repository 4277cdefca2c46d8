// A certificate of which it was seen what is served, and how its deployment ends where it stays.
import type { DeployResult, Gathered, Job } from "./deployment.ts";
import { finish } from "./finish.ts";
import type { World } from "./world.ts";

export interface Judged extends Job {
  readonly gathered: Gathered;
}

export const finishJob = (world: World, { certificate, state, target, gathered }: Judged): Promise<DeployResult> =>
  finish(world, certificate, state, target, { ...gathered, awaitsServer: certificate.servers === "auto" });
