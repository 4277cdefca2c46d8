// Reading IMAP responses (RFC 9051 §7): lines with literals in them, tagged and untagged.
import { clean } from "../domain/text.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import type { Conversation } from "./protocol.ts";

/** A response as one text; a literal `{n}` continues it with its content and the next line. */
export const readResponse = async (conversation: Conversation): Promise<string> => {
  let text = "";
  for (;;) {
    const line = await conversation.readLine();
    const literal = /^(.*)~?\{(\d{1,6})\+?\}$/s.exec(line);
    if (!literal) return text + line;
    const content = await conversation.readBytes(Number(literal[2]));
    text += `${literal[1] ?? ""}"${content.toString("latin1")}"`;
  }
};

const capabilityWords = (text: string): readonly string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => clean(word, 120));

/** The list in a `[CAPABILITY ...]` response code. */
export const capabilityCode = (text: string): readonly string[] | undefined => {
  const code = /\[CAPABILITY\s([^\]]*)\]/i.exec(text)?.[1];
  return code === undefined ? undefined : capabilityWords(code);
};

const untaggedCapability = (response: string): readonly string[] => {
  const match = /^\* CAPABILITY(?:\s+(.*))?$/is.exec(response);
  return match ? capabilityWords(match[1] ?? "") : [];
};

export interface ByeOrTemporary {
  readonly reason: "temporary" | "declined";
  readonly message: string;
}

/** `* BYE`, or a NO: [UNAVAILABLE], [LIMIT], [INUSE] (RFC 5530) and "too many" mean "later". */
export const refusalOf = (text: string): ByeOrTemporary => ({
  reason: /\[(?:UNAVAILABLE|LIMIT|INUSE|SERVERBUG)\]|too many|try again/i.test(text) ? "temporary" : "declined",
  message: clean(text),
});

export interface Tagged {
  readonly status: "OK" | "NO" | "BAD";
  readonly text: string;
  /** From untagged CAPABILITY responses, which may be several, and from the tagged one's response code. */
  readonly capabilities: readonly string[];
}

/** Sends a command and reads up to its tagged answer. @throws ConversationError when the server says BYE or uses another tag. */
export const command = async (conversation: Conversation, tag: string, line: string): Promise<Tagged> => {
  await conversation.writeLine(`${tag} ${line}`);
  const capabilities: string[] = [];
  for (;;) {
    const response = await readResponse(conversation);
    if (/^\* BYE\b/i.test(response)) {
      const { reason, message } = refusalOf(response);
      throw new ConversationError(reason, message);
    }
    if (response.startsWith("* ")) {
      capabilities.push(...untaggedCapability(response));
      continue;
    }
    const match = /^(\S+) (OK|NO|BAD)\b/i.exec(response);
    if (!match || match[1] !== tag) throw notUnderstood(`the answer to ${tag}`, response);
    const status = (match[2] ?? "BAD").toUpperCase() as Tagged["status"];
    return {
      status,
      text: clean(response),
      capabilities: capabilities.length > 0 ? capabilities : (capabilityCode(response) ?? []),
    };
  }
};
