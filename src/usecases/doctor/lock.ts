// Look: no run holds the state's lock for hours, which would keep every other one from working.
import { lockLooked } from "../../domain/doctor/lock.ts";
import type { Look } from "./look.ts";

export const lockLook: Look = {
  id: "lock",
  title: "other runs",
  needsRoot: true,
  look: async ({ world, atWork }) => lockLooked(atWork, world.now()),
};
