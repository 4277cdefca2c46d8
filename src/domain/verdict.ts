// What one entry point's answers say about a deployment: proven, stale, broken, failing, unobservable (design: a certificate is done when it is served).
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { Observation } from "./observation.ts";
import { condemned, whyRevoked } from "./revocation.ts";

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

/** Clients would take it: not failed, not revoked (nor may it be), not expired, and not about to end. */
const isUsable = (generation: GenerationRecord, now: Date): boolean =>
  generation.failed === undefined &&
  whyRevoked(generation) === undefined &&
  Date.parse(generation.notBefore) <= now.getTime() &&
  Date.parse(generation.notAfter) - now.getTime() > margin(generation);

/** A generation may be served again: clients would take it, its key was not given up, and it is not to be revoked. */
export const mayGoBackTo = (state: CertificateState, generation: GenerationRecord, now: Date): boolean =>
  isUsable(generation, now) && condemned(state, generation, now) === undefined;

/**
 * What the servers had until a deployment that broke them may stay, also one that is to be replaced for its key: TLS with it is better than
 * none, and the next run replaces it.
 */
export const mayStay = ({ deployments }: CertificateState, generation: GenerationRecord, now: Date): boolean =>
  isUsable(generation, now) && Object.values(deployments).some((one) => one.generation === generation.number);
