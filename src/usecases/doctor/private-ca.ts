// Look: the private CAs of this host: roots near their end, lists of revoked certificates that are too old, files that do not belong together.
import { type Looked, nothing } from "../../domain/doctor/finding.ts";
import { Failure } from "../../domain/failure.ts";
import { standingCas } from "../ca/show.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { Look } from "./look.ts";

export const privateCaLook: Look = {
  id: "private-ca",
  title: "private CA",
  needsRoot: true,
  look: async ({ world }): Promise<Looked> => {
    const seen = await unlessFailure(() => standingCas(world));
    if (seen instanceof Failure) return { ...nothing, unseen: [`private CA: ${seen.message}`] };
    const { findings, whole } = seen;
    return { findings, well: findings.length === 0 && whole.length > 0 ? [whole.join(", ")] : [], unseen: [] };
  },
};
