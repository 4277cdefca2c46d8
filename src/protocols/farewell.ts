// A polite end in clear: monitors that just drop connections get banned (fail2ban, "lost connection after ...").
import { ConversationError } from "./conversation-error.ts";
import type { Conversation } from "./protocol.ts";

/** How long an answer to QUIT is worth waiting for. */
const patienceMs = 1000;

/** Says `last` (a line, or the very bytes) and waits shortly for an answer; never throws for what the server does. */
export const farewell = async (conversation: Conversation, last: string | Uint8Array): Promise<void> => {
  try {
    await (typeof last === "string" ? conversation.writeLine(last) : conversation.write(last));
    await conversation.arrives(patienceMs);
  } catch (error) {
    if (!(error instanceof ConversationError)) throw error;
  }
};
