// One line of the log of changes, with when, by which run and by which command line.
import type { HostEvent } from "../store/store.ts";
import type { World } from "./world.ts";

export const recordChange = (world: World, event: Omit<HostEvent, "at" | "run" | "command">): Promise<void> =>
  world.store.record({ at: world.now().toISOString(), run: world.run, command: world.command, ...event });
