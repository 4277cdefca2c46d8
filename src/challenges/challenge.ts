// The seam for ACME challenges: publish one token, take it away again.
import type { AcmeSettings } from "../domain/certificate-config.ts";

export interface ChallengeToken {
  /** DNS name or IP address being validated (A-label). */
  readonly identifier: string;
  /** RFC 8555 §8.3 token. */
  readonly token: string;
  /** RFC 8555 §8.1 key authorization. */
  readonly keyAuthorization: string;
}

/**
 * - `present` MUST return once the CA may look, or reject; it MUST serve nothing but its own tokens.
 * - `cleanUp` is called once for each `present`, also when that failed half-way, and MUST be safe to repeat.
 */
export interface Challenge {
  /** ACME challenge type, e.g. `http-01`. */
  readonly type: string;
  present(token: ChallengeToken, signal: AbortSignal): Promise<void>;
  cleanUp(token: ChallengeToken): Promise<void>;
}

/** Makes the challenge for one issuance; MUST NOT touch the host before `present`. */
export type ChallengeFactory = (settings: AcmeSettings) => Challenge;

/** One line of the registry in `index.ts`. */
export interface ChallengeEntry {
  /** One line for help and docs. */
  readonly summary: string;
  /** Why this kind of proof cannot be given for a name, or undefined. Pure. */
  refuses(name: string): string | undefined;
  load(): Promise<ChallengeFactory>;
}
