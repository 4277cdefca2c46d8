// Fingerprints of a certificate's DER: as lower-case hex, and as people compare them.
import { createHash } from "node:crypto";

export const sha256Hex = (der: Uint8Array): string => createHash("sha256").update(der).digest("hex");

type Hash = "sha256" | "sha1" | "md5";
interface Encoded {
  readonly der: Uint8Array;
}

/** Lower-case hex, as Windows shows SHA-1. */
export const hexOf = ({ der }: Encoded, hash: Hash): string => createHash(hash).update(der).digest("hex");

/** `AA:BB:...`, as other clients show it. */
export const fingerprintOf = (certificate: Encoded, hash: Hash): string =>
  (hexOf(certificate, hash).toUpperCase().match(/../g) ?? []).join(":");
