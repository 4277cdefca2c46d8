// Fingerprints of a certificate's DER: as lower-case hex, and as people compare them.
import { createHash } from "node:crypto";

export const sha256Hex = (der: Uint8Array): string => createHash("sha256").update(der).digest("hex");

/** `AA:BB:...`, as clients show it. */
export const fingerprintOf = ({ der }: { readonly der: Uint8Array }, hash: "sha256" | "sha1" | "md5"): string =>
  (createHash(hash).update(der).digest("hex").toUpperCase().match(/../g) ?? []).join(":");
