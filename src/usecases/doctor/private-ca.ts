// Look: the private CAs of this host: roots near their end, lists of revoked certificates that are too old, files that do not belong together.
import { type Looked, nothing } from "../../domain/doctor/finding.ts";
import { Failure } from "../../domain/failure.ts";
import { standingFindings } from "../ca/show.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { Look } from "./look.ts";

export const privateCaLook: Look = {
  id: "private-ca",
  title: "private CA",
  needsRoot: true,
  look: async ({ world }): Promise<Looked> => {
    const names = await (await world.privateCas()).list();
    if (names.length === 0) return nothing;
    const findings = await unlessFailure(() => standingFindings(world));
    if (findings instanceof Failure) return { ...nothing, unseen: [`private CA: ${findings.message}`] };
    return { findings, well: findings.length === 0 ? [names.join(", ")] : [], unseen: [] };
  },
};
