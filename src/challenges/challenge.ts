// The seam for ACME challenges: publish one token, take it away again.

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
