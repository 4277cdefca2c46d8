// Whether mail is begun before TLS on submission: MAIL FROM with the empty sender, and taken back at once. No message is sent.
import type { Observation } from "../domain/observation.ts";
import { farewell } from "./farewell.ts";
import type { Conversation } from "./protocol.ts";
import { type Reply, command, readReply, textOf } from "./smtp-dialogue.ts";

type Answer = NonNullable<Observation["mailInClear"]>;

const begin = async (conversation: Conversation): Promise<Answer> => {
  const reply: Reply = await command(conversation, "MAIL FROM:<>");
  if (reply.code < 300) await command(conversation, "RSET");
  return { code: reply.code, text: textOf(reply) };
};

/** The same dialogue up to STARTTLS, and MAIL FROM right before it; `learn` gets the answer. */
export const beforeStartTls = (conversation: Conversation, learn: (answer: Answer) => void): Conversation => ({
  ...conversation,
  writeLine: async (line) => {
    if (/^STARTTLS$/i.test(line)) learn(await begin(conversation));
    await conversation.writeLine(line);
  },
});

/** The answer to MAIL FROM; undefined: the dialogue did not come so far. @throws ConversationError */
export const mailInClear = async (conversation: Conversation, ehlo: string): Promise<Answer | undefined> => {
  const steps = [() => readReply(conversation), () => command(conversation, `EHLO ${ehlo}`)];
  for (const step of steps) {
    const { code } = await step();
    if (code >= 300) {
      await farewell(conversation, "QUIT");
      return undefined;
    }
  }
  const answer = await begin(conversation);
  await farewell(conversation, "QUIT");
  return answer;
};
