// What one entry point's answers say about a deployment: proven, stale, broken, failing, unobservable (design: a certificate is done when it is served).
import type { Observation } from "./observation.ts";

export type Verdict = "proven" | "stale" | "broken" | "failing" | "unobservable" | "own-certificate";

/** What an entry point did before the switch. */
export interface Baseline {
  /** SHA-256 of the leaf, when there was a handshake. */
  readonly leaf?: string;
  /** It spoke, but offered no TLS: clients worked without it. */
  readonly plain?: boolean;
}

/** The part of an observation that a verdict needs. */
export interface Answer {
  /** SHA-256 of the leaf; undefined: no handshake. */
  readonly leaf?: string;
  readonly reason?: NonNullable<Observation["error"]>["reason"];
}

/** `failing`: no valid handshake, and there was none before: a fault, but not one that going back would mend. */
export const verdictOf = (answer: Answer, expected: string, before: Baseline | undefined): Verdict => {
  if (answer.leaf === expected) return "proven";
  if (answer.leaf !== undefined) return "stale";
  if (before?.leaf !== undefined) return "broken";
  // STARTTLS that is now announced and then fails takes mail away from clients that did without.
  if (before?.plain && answer.reason !== "not-offered" && answer.reason !== "refused") return "broken";
  return "failing";
};

const day = 86_400_000;

/** Too short to go back to: 7 days, or a third of the lifetime of one that lives for less than three weeks. */
const margin = ({ notBefore, notAfter }: { readonly notBefore: string; readonly notAfter: string }): number =>
  Math.min(7 * day, (Date.parse(notAfter) - Date.parse(notBefore)) / 3);

/** A generation may be served again: not failed, not revoked, not expired, and not about to end. */
export const mayGoBackTo = (
  generation: {
    readonly notBefore: string;
    readonly notAfter: string;
    readonly failed?: string;
    readonly revoked?: object;
  },
  now: Date,
): boolean =>
  generation.failed === undefined &&
  generation.revoked === undefined &&
  Date.parse(generation.notBefore) <= now.getTime() &&
  Date.parse(generation.notAfter) - now.getTime() > margin(generation);
