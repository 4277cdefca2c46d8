// Whether mail is begun before TLS on submission: MAIL FROM with the empty sender, and taken back at once. No message is sent.
import { farewell } from "./farewell.ts";
import type { Conversation } from "./protocol.ts";
import { type Reply, command, readReply, textOf } from "./smtp-dialogue.ts";

/** The answer to MAIL FROM; undefined: the dialogue did not come so far. @throws ConversationError */
export const mailInClear = async (
  conversation: Conversation,
  ehlo: string,
): Promise<{ readonly code: number; readonly text: string } | undefined> => {
  const steps = [() => readReply(conversation), () => command(conversation, `EHLO ${ehlo}`)];
  for (const step of steps) {
    const { code } = await step();
    if (code >= 300) {
      await farewell(conversation, "QUIT");
      return undefined;
    }
  }
  const reply: Reply = await command(conversation, "MAIL FROM:<>");
  if (reply.code < 300) await command(conversation, "RSET");
  await farewell(conversation, "QUIT");
  return { code: reply.code, text: textOf(reply) };
};
