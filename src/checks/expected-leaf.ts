// Whether the leaf that is served is one of those expected: shared by cert-disk (the live generation) and cert-expect (--expect).
import { sha256Hex } from "../domain/fingerprint.ts";
import type { EntryFacts } from "./check.ts";

/** In words what is served instead; undefined: as expected, or nothing to compare. */
export const otherLeaf = (facts: EntryFacts, kind: "live" | "given"): string | undefined => {
  const [leaf] = facts.chain;
  const [der] = facts.observation.chain;
  const { expected } = facts;
  const sha256 = leaf?.sha256 ?? (der && sha256Hex(der));
  if (sha256 === undefined || expected?.kind !== kind || expected.leaves.includes(sha256)) return undefined;
  return leaf
    ? `${sha256.slice(0, 16)}… (issued by ${leaf.issuer || "unnamed"}, ends ${leaf.notAfter.toISOString().slice(0, 10)})`
    : `${sha256.slice(0, 16)}…, which cannot be read`;
};
