// The seam for mail protocols: brings a fresh stream to where a TLS handshake may start, and says goodbye inside TLS.
import type { ClearDialogue, SecureDialogue } from "../domain/observation.ts";
import type { Mode } from "../domain/entry-point.ts";
import type { UsualPlace } from "../domain/usual-ports.ts";

/** A line reader and writer over a socket, bounded (64 lines of 4 KiB, 64 KiB together) and under the exchange's one deadline. */
export interface Conversation {
  /** Next line without its end (CRLF or bare LF), decoded as latin1. @throws ConversationError on timeout, close, or a limit. */
  readLine(): Promise<string>;
  /** Exactly `size` bytes (an IMAP or ManageSieve literal). */
  readBytes(size: number): Promise<Buffer>;
  /** What comes up to and with `marker`, as latin1, in at most `max` bytes (XMPP has no lines). */
  readUntil(marker: string, max: number): Promise<string>;
  /** Sends text and CRLF. MUST NOT be called before the reply to the last line was read (no pipelining). */
  writeLine(line: string): Promise<void>;
  /** The same for protocols without lines: exactly these bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Bytes received and not yet read. */
  pendingBytes(): number;
  /** Whether there is something to read (or the server has hung up) within `ms`; never throws. */
  arrives(ms: number): Promise<boolean>;
}

export interface DialogueOptions {
  /** The name that the entry point is known by; XMPP asks for this domain. */
  readonly host: string;
  /** Our name in EHLO and LHLO. */
  readonly ehlo: string;
  /** Called with what is known so far, so that a dialogue that breaks off still leaves its facts. */
  readonly learn: (known: Partial<ClearDialogue>) => void;
}

export interface StartTlsOutcome {
  readonly dialogue: ClearDialogue;
  /** undefined: the server said go ahead and TLS may start. */
  readonly refused?: {
    readonly reason: "not-offered" | "declined" | "temporary" | "protocol";
    readonly message: string;
    /** Where it said no: already in its greeting, or when asked for TLS (default). */
    readonly stage?: "greeting" | "starttls";
  };
}

/**
 * One mail protocol, one file, registered in `protocols/index.ts`.
 * - MUST read whole replies (multi-line, split anywhere) before it writes.
 * - MUST NOT log in, and MUST NOT send anything that changes the server's state.
 */
export interface Protocol extends UsualPlace {
  readonly summary: string;
  /** The server waits for the client's first word instead of greeting. */
  readonly clientFirst?: true;
  /** Said in the ClientHello where TLS begins at once (ALPN, RFC 7301): several protocols may share such a port. */
  readonly alpn?: string;
  /** From the fresh connection to the go-ahead for TLS (STARTTLS, STLS). */
  startTls(conversation: Conversation, options: DialogueOptions): Promise<StartTlsOutcome>;
  /** Inside TLS: read the greeting (implicit only) and the capabilities again, then leave politely (QUIT, LOGOUT). */
  inside(conversation: Conversation, mode: Mode, options: DialogueOptions): Promise<SecureDialogue>;
}
