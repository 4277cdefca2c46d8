// Look: SELinux and AppArmor let the servers read the certificates.
import { confinementLooked } from "../../domain/doctor/confinement.ts";
import type { Look } from "./look.ts";

export const confinementLook: Look = {
  id: "confinement",
  title: "SELinux, AppArmor",
  needsRoot: true,
  look: async ({ tools }) => confinementLooked(await tools.confinement()),
};
