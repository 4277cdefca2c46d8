// What a server answered to a ClientHello.
import type { ProtocolVersion } from "../domain/tls-profile.ts";

/** A ServerHello, and of the ServerKeyExchange behind it (up to TLS 1.2) what is readable. */
export interface ServerHello {
  readonly kind: "hello";
  readonly version: ProtocolVersion;
  readonly suite: number;
  readonly compression: number;
  readonly extensions: ReadonlySet<number>;
  readonly group?: number;
  /** Bits of the prime of finite-field Diffie-Hellman. */
  readonly dhBits?: number;
  /** SignatureAndHashAlgorithm of the key exchange (TLS 1.2). */
  readonly signature?: number;
  /** The protocol chosen by ALPN (RFC 7301), latin1; up to TLS 1.2, later ones are encrypted. */
  readonly alpn?: string;
  /** DER of the first certificate; up to TLS 1.2. */
  readonly leaf?: Buffer;
}

export type HelloAnswer =
  | ServerHello
  /** `alert`: its number (RFC 8446 §6). Closing without a word is how Dovecot says no; it may also be a limit. */
  | { readonly kind: "refused"; readonly how: "alert" | "closed" | "reset"; readonly alert?: number }
  /** It says nothing about what was offered. `why`: one phrase, clean. */
  | { readonly kind: "none"; readonly why: string };
