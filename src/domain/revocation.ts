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

type Pending = Pick<CertificateState, "revocation" | "earlierRevocations">;

/** All that are not done yet, the one that was asked for last first. Each means another generation. */
export const pendingOf = ({ revocation, earlierRevocations = [] }: Pending): readonly PendingRevocation[] =>
  revocation ? [revocation, ...earlierRevocations] : [];

/** `pending`: as of `pendingOf`. */
export const withPending = (state: CertificateState, pending: readonly PendingRevocation[]): CertificateState => {
  const { revocation: _last, earlierRevocations: _earlier, ...rest } = state;
  const [last, ...earlier] = pending;
  return {
    ...rest,
    ...(last ? { revocation: last } : {}),
    ...(earlier.length === 0 ? {} : { earlierRevocations: earlier }),
  };
};

/** Its CA has revoked it, or was asked to: whether it has, nobody knows where the answer was lost. */
export const whyRevoked = ({ revoked, revoking }: GenerationRecord): string | undefined => {
  if (revoked) return `was revoked on ${revoked.at.slice(0, 10)} (${revoked.reason})`;
  return (
    revoking && `was to be revoked on ${revoking.at.slice(0, 10)} (${revoking.reason}), and its CA may have done so`
  );
};

/** Why what is to be served has to be replaced at once, or undefined. */
export const condemned = (state: CertificateState, generation: GenerationRecord, now: Date): string | undefined => {
  const why = whyRevoked(generation);
  if (why !== undefined) return `it ${why}`;
  if (hasRetiredKey(state, generation)) return "its private key was given up as compromised";
  const pending = pendingOf(state).find((one) =>
    doomedBy(state, one, now).some(({ number }) => number === generation.number),
  );
  return pending && `it is to be revoked (${pending.reason})`;
};

/** How a person goes on with one that is under way. With keyCompromise that is asked for again, what is live is meant as well. */
export const goOnCommand = (name: string, { reason }: Pick<PendingRevocation, "reason">): string =>
  reason === "keyCompromise" ? `mailcert revoke ${name}` : `mailcert revoke ${name} --reason ${reason}`;

/** How to have a certificate revoked that is not here any more: its CA finds it by its fingerprint. */
export const goneHint = (name: string, { generation, sha256 }: { generation: number; sha256: string }): string =>
  `put generations/${String(generation).padStart(4, "0")} of ${name} back from a backup, or have its CA revoke it: SHA-256 fingerprint ${sha256}`;

const leafHashes = ({ leaves }: GenerationRecord): readonly string[] =>
  Object.values(leaves).map(({ sha256 }) => sha256);

/**
 * The generations that a revocation takes: the one that is meant, any other with the same certificate, and with a compromised key all
 * that have it and are valid still.
 */
export const doomedBy = (
  state: CertificateState,
  { generation: number, byKey }: Pick<PendingRevocation, "generation" | "byKey">,
  now: Date,
): readonly GenerationRecord[] => {
  const meant = generationOf(state, number);
  const certificates = meant ? leafHashes(meant) : [];
  const others = state.generations.filter(
    (one) =>
      one.number !== number &&
      one.issuer !== "self-signed" &&
      !one.revoked &&
      new Date(one.notAfter) > now &&
      ((byKey && hasRetiredKey(state, one)) || leafHashes(one).some((sha256) => certificates.includes(sha256))),
  );
  return [...(meant ? [meant] : []), ...others];
};

/** What all that are under way take, each generation once. */
export const doomedGenerations = (state: CertificateState, now: Date): readonly GenerationRecord[] => [
  ...new Map(
    pendingOf(state)
      .flatMap((pending) => doomedBy(state, pending, now))
      .map((one) => [one.number, one]),
  ).values(),
];
