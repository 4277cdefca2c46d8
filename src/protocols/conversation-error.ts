// Why a dialogue broke off: thrown by a Conversation (time, close, limits) and by protocols (an answer that is none).
import { clean } from "../domain/text.ts";

export type ConversationReason = "timeout" | "closed" | "protocol" | "temporary" | "declined";

/** `message` is one phrase, bounded and free of control characters. */
export class ConversationError extends Error {
  readonly reason: ConversationReason;
  constructor(reason: ConversationReason, message: string) {
    super(clean(message, 400));
    this.name = "ConversationError";
    this.reason = reason;
  }
}

/** The server said something that its protocol does not know. */
export const notUnderstood = (expected: string, line: string): ConversationError =>
  new ConversationError(
    "protocol",
    // A TLS record of alerts (RFC 8446 §5.1): our first words were taken for a ClientHello.
    line.startsWith("\x15\x03")
      ? `expected ${expected}, got a TLS alert: the server wants TLS at once on this port`
      : `expected ${expected}, got "${clean(line, 120)}"`,
  );
