// What holds for every client whose mail is fetched by its maker's servers: public CAs alone, and nobody to ask.
import type { CauseId } from "./causes.ts";
import type { Rule } from "./client.ts";

const never: readonly CauseId[] = ["imported"];
const refused: readonly CauseId[] = ["name", "no-san", "ended", "early", "gap", "other-eku", "weak-hash"];

export const cloudRules = (why: string, source: string): readonly Rule[] => [
  ...never.map((cause): Rule => ({ cause, verdict: "never", says: why, source })),
  ...refused.map((cause): Rule => ({
    cause,
    verdict: "refuses",
    says: "the account cannot be added, and nobody is asked",
    source,
  })),
];
