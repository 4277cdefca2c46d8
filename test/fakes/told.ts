// What a run of verify says, as tests write it.
import type { VerifyResult } from "../../src/domain/verify-result.ts";

/** `severity check`, of the entries and then of the whole, in the order of the report. */
export const told = ({ entries, findings }: VerifyResult): readonly string[] =>
  [...entries.flatMap((entry) => entry.findings), ...findings].map(({ severity, check }) => `${severity} ${check}`);
