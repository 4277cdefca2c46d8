// A certificate's facts, read from its DER by node:crypto and a small DER reader.

export type PublicKeyFacts =
  | { readonly type: "ec"; readonly curve: string }
  | { readonly type: "rsa"; readonly bits: number }
  | { readonly type: "ed25519" | "ed448" | "other" };

export interface CertificateFacts {
  readonly der: Buffer;
  readonly pem: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex (TLSA 3 1 1). */
  readonly spkiSha256: string;
  /** RFC 4514 style, bounded and free of control characters: `CN=mail.example.org`. Empty subject: "". */
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hex without leading zeros pairs trimmed as in the DER integer. */
  readonly serial: string;
  readonly commonName?: string;
  /** dNSName entries of the SAN, lower case. */
  readonly dnsNames: readonly string[];
  /** iPAddress entries of the SAN, canonical text. */
  readonly ipNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: PublicKeyFacts;
  /** `ecdsa-with-SHA256`, `sha256WithRSAEncryption`, ...; the OID where it is not known. */
  readonly signatureAlgorithm: string;
  readonly isCa: boolean;
  /** undefined: no key usage extension. */
  readonly keyUsage?: readonly string[];
  /** `serverAuth`, `clientAuth`, ... or OIDs; undefined: no EKU extension. */
  readonly extendedKeyUsage?: readonly string[];
  /** Hex. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** Issuer and subject are equal and its own key verifies its signature. */
  readonly selfSigned: boolean;
}
