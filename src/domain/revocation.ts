// Revocation (RFC 5280 §5.3.1): the reasons that a subscriber may give, what is revoked along with a key, and what must not be served or certified again.
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { generationOf } from "./generation.ts";

/** Name -> code. Those that the CA/Browser Forum's Baseline Requirements (§4.9.1.1) leave to subscribers. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;

export type RevocationReason = keyof typeof revocationReasons;

export const revocationReasonNames = Object.keys(revocationReasons) as readonly RevocationReason[];

/** A revocation that a person has said yes to, until it is done. */
export interface PendingRevocation {
  readonly generation: number;
  readonly reason: RevocationReason;
  /** ISO date. */
  readonly since: string;
  /** It is signed by the certificate's own key, which CAs take for compromised from then on. */
  readonly byKey: boolean;
}

/** `spki`: SHA-256 of a key's SubjectPublicKeyInfo, hex. No certificate may be asked for it again. */
export const isRetired = ({ retired }: Pick<CertificateState, "retired">, spki: string): boolean =>
  retired?.includes(spki) ?? false;

export const hasRetiredKey = (state: CertificateState, { leaves }: GenerationRecord): boolean =>
  Object.values(leaves).some(({ spkiSha256 }) => isRetired(state, spkiSha256));

/** The keys of a generation are never certified again, nor are `others` (like `isRetired`). */
export const withRetiredKeys = (
  state: CertificateState,
  { leaves }: GenerationRecord,
  others: readonly string[] = [],
): CertificateState => {
  const given = [...(state.retired ?? []), ...Object.values(leaves).map(({ spkiSha256 }) => spkiSha256), ...others];
  return { ...state, retired: [...new Set(given)].toSorted() };
};

/** Why what is to be served has to be replaced at once, or undefined. */
export const condemned = (state: CertificateState, generation: GenerationRecord): string | undefined => {
  const { revoked } = generation;
  if (revoked) return `it was revoked on ${revoked.at.slice(0, 10)} (${revoked.reason})`;
  return hasRetiredKey(state, generation) ? "its private key was given up as compromised" : undefined;
};

/** The generations that a revocation takes: the one that is meant, and with a compromised key all that have it and are valid still. */
export const doomedBy = (
  state: CertificateState,
  { generation: number, byKey }: Pick<PendingRevocation, "generation" | "byKey">,
  now: Date,
): readonly GenerationRecord[] => {
  const meant = generationOf(state, number);
  const others = byKey
    ? state.generations.filter(
        (one) =>
          one.number !== number &&
          one.issuer === "acme" &&
          !one.revoked &&
          new Date(one.notAfter) > now &&
          hasRetiredKey(state, one),
      )
    : [];
  return [...(meant ? [meant] : []), ...others];
};
