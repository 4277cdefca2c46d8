// Fingerprints: SHA-256 of a certificate's DER as lower-case hex.
import { createHash } from "node:crypto";

export const sha256Hex = (der: Uint8Array): string => createHash("sha256").update(der).digest("hex");
