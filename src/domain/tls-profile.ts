// What a server's TLS takes besides what it agreed to with us: old versions, weak suites, groups. Facts only; the probe writes it, checks read it.

/** In order, oldest first; as OpenSSL calls them. */
export const protocolVersions = ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
export type ProtocolVersion = (typeof protocolVersions)[number];

/** What the server's TLS 1.2 ServerHello said. */
export interface Tls12Facts {
  /** The suite that it chose from what today's programs offer, the best first; as IANA calls it. */
  readonly suite: string;
  /** RFC 7627 */
  readonly extendedMasterSecret: boolean;
  /** RFC 5746 */
  readonly secureRenegotiation: boolean;
  /** It chose a compression method (RFC 3749). */
  readonly compression: boolean;
  /** Hash of the signature over the key exchange, where the suite has one: `SHA-256`, `SHA-1`, ... */
  readonly signatureHash?: string;
}

/** An absent field: nobody could say, or it was not asked. */
export interface TlsProfile {
  /** Connections that its hellos took; ordinary handshakes and other questions are not among them. */
  readonly connections: number;
  readonly versions: Readonly<Partial<Record<ProtocolVersion, boolean>>>;
  /** A suite that the server agrees to when nothing else is offered, as IANA calls it; null: none of that kind. */
  readonly brokenSuite?: string | null;
  readonly weakSuite?: string | null;
  readonly phaseOutSuite?: string | null;
  /** Size of the prime of finite-field Diffie-Hellman, where the server does it. */
  readonly dhBits?: number;
  /** A group under 112 bits of strength, or one to be phased out, that the server agrees to. */
  readonly weakGroup?: string | null;
  /** A post-quantum hybrid that the server agrees to. */
  readonly hybridGroup?: string | null;
  /** Whether a ClientHello of two packets is answered like a small one. */
  readonly largeHello?: boolean;
  readonly tls12?: Tls12Facts;
  /** What it chose by ALPN, from names of web servers before the protocol's own; null: it ignores them. */
  readonly alpn?: string | null;
  /** Why it broke off, or what makes it doubtful: the server's words, or that it stopped answering. */
  readonly stopped?: string;
}
