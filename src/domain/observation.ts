// Facts gathered from one entry point; no judgement. The probe writes it, checks read it.
import type { EntryPoint } from "./entry-point.ts";
import type { TlsProfile } from "./tls-profile.ts";
import type { TranscriptLine } from "./transcript.ts";

/** Where an exchange ended when it could not be observed to the end. */
export type ProbeStage = "resolve" | "connect" | "greeting" | "starttls" | "handshake";

/** What the server said before TLS on a STARTTLS entry point. Every text is bounded and free of control characters. */
export interface ClearDialogue {
  readonly greeting: string;
  /** Capability keywords as sent, e.g. `STARTTLS`, `AUTH PLAIN LOGIN`, `SASL PLAIN`, `LOGINDISABLED`. */
  readonly capabilities: readonly string[];
  readonly startTlsOffered: boolean;
  /** IMAP greeted with PREAUTH (RFC 9051 §7.1.4): STARTTLS is impossible. */
  readonly preauth?: boolean;
  /** Mechanisms (or USER) that the server offers to take in clear; empty when none. */
  readonly authInClear: readonly string[];
  /** The server's answer to STARTTLS. */
  readonly startTlsReply?: string;
  /** Bytes that arrived between the go-ahead and the handshake; must be 0 (RFC 3207 §6). */
  readonly injectedBytes: number;
}

/** What the server said inside TLS. */
export interface SecureDialogue {
  readonly greeting?: string;
  readonly capabilities: readonly string[];
  /** ManageSieve only: the server did not list its capabilities again by itself (RFC 5804 §2.2). */
  readonly silent?: boolean;
  /** STARTTLS is still listed inside TLS. */
  readonly startTlsStillOffered: boolean;
  /** IMAP only: LOGINDISABLED is still listed inside TLS, and no other way to log in. */
  readonly loginDisabled?: true;
}

export interface TlsFacts {
  /** `TLSv1.3`, ... */
  readonly version: string;
  readonly cipher: string;
  readonly group?: string;
  /** The usual large ClientHello (ML-KEM key share) was reset or ignored; a small one was answered. */
  readonly smallHelloOnly?: boolean;
  /** Bytes of early data (0-RTT) that the session tickets of TLS 1.3 allow; absent: nobody can say. */
  readonly earlyData?: number;
  /** The OCSP answer that came with the handshake, in DER. */
  readonly stapled?: Buffer;
  /** OpenSSL's verdict on the path to the anchors used: undefined when it was accepted, else its error code (`CERT_HAS_EXPIRED`, ...). */
  readonly verifyError?: string;
}

/** What became of a harmless command that was sent in one packet with STARTTLS. */
export type InjectionOutcome =
  /** It was answered inside TLS: what somebody in between puts before TLS counts as the client's own. */
  | { readonly kind: "executed"; readonly answer: string }
  /** TLS came about, and nothing answered it. */
  | { readonly kind: "discarded" }
  /** No TLS came about: the server noticed. */
  | { readonly kind: "refused"; readonly how: string }
  /** Nothing can be said. */
  | { readonly kind: "undecided"; readonly why: string };

export interface Observation {
  readonly entry: EntryPoint;
  /** The address that was connected to. */
  readonly address?: string;
  /** Our end and the server's end have one address: servers treat such connections as secured. */
  readonly local: boolean;
  /** The SNI that was sent; undefined: none. */
  readonly sni?: string;
  readonly clear?: ClearDialogue;
  readonly secure?: SecureDialogue;
  readonly tls?: TlsFacts;
  /** DER certificates in the order in which the server sent them, leaf first. */
  readonly chain: readonly Buffer[];
  /** It sent more of them than are kept. */
  readonly chainCut?: true;
  /** Present when the entry point could not be observed to the end. */
  readonly error?: {
    readonly stage: ProbeStage;
    readonly message: string;
    /** `refused` (nobody listens), `unreachable` (somebody on the way says so), `no-route` (this machine has none for that family), `timeout`, `closed`, `reset`, `not-offered` (STARTTLS), `declined` (STARTTLS answered no), `temporary` (421/450/454), `tls`, `protocol`, `dns`. */
    readonly reason:
      | "refused"
      | "unreachable"
      | "no-route"
      | "timeout"
      | "closed"
      | "not-offered"
      | "declined"
      | "temporary"
      | "injected"
      | "tls"
      | "protocol"
      | "dns";
  };
  /** What the server said when a further connection was to come later: what had not been asked by then was not asked. */
  readonly later?: string;
  /** From the connection to the first word of the server, in milliseconds; STARTTLS only. */
  readonly greetingMs?: number;
  /** What was said in clear, up to TLS; absent: nobody asked for it (--transcript). */
  readonly transcript?: readonly TranscriptLine[];
  /** Absent: it was not tried (--full tries). */
  readonly injection?: InjectionOutcome;
  /** The answer to MAIL FROM in clear; absent: it was not tried, or nobody answered (--full tries it on submission). */
  readonly mailInClear?: { readonly code: number; readonly text: string };
  /** Whether the server renegotiates when a client asks; absent: it was not asked, or nobody answered (--full asks). */
  readonly renegotiates?: boolean;
  /** What else its TLS takes; absent: it was not asked (--full asks). */
  readonly profile?: TlsProfile;
  /** The server spoke the other mode: plain text on an implicit port, or TLS on a STARTTLS port. */
  readonly wrongMode?: boolean;
  readonly startedAt: Date;
  readonly durationMs: number;
}
