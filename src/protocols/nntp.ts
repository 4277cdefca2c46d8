// NNTP (RFC 3977) and its STARTTLS (RFC 4642, RFC 8143); logins are announced by AUTHINFO (RFC 4643).
import type { ClearDialogue } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import { usualPorts } from "../domain/usual-ports.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import { offers, wordsAfter } from "./keyword.ts";
import type { Conversation, Protocol } from "./protocol.ts";

interface Status {
  readonly code: number;
  readonly text: string;
}

const readStatus = async (conversation: Conversation): Promise<Status> => {
  const line = await conversation.readLine();
  const match = /^([1-5]\d\d)(?: |$)/.exec(line);
  if (!match) throw notUnderstood("an NNTP response", line);
  return { code: Number(match[1]), text: clean(line) };
};

/** 4xx is for now (400: service not available), except 480 and 483: log in, or encrypt, first (RFC 4643 §2, RFC 3977 §3.2.1). */
const reasonOf = ({ code }: Status): "temporary" | "declined" =>
  code < 500 && code !== 480 && code !== 483 ? "temporary" : "declined";

/** undefined: the server is older than CAPABILITIES (RFC 2980), which is legal. */
const readCapabilities = async (conversation: Conversation): Promise<readonly string[] | undefined> => {
  await conversation.writeLine("CAPABILITIES");
  const status = await readStatus(conversation);
  if (status.code !== 101) {
    if (status.code === 400) throw new ConversationError("temporary", status.text);
    return undefined;
  }
  const capabilities: string[] = [];
  for (;;) {
    const line = await conversation.readLine();
    if (line === ".") return capabilities;
    capabilities.push(clean(line.startsWith(".") ? line.slice(1) : line));
  }
};

/** AUTHINFO without a word after it is not allowed yet (RFC 4643 §2.1); SASL's mechanisms have a line of their own. */
const authOf = (capabilities: readonly string[]): readonly string[] => {
  const ways = wordsAfter(capabilities, "AUTHINFO");
  return [
    ...(ways.includes("USER") ? ["USER"] : []),
    ...(ways.includes("SASL") ? wordsAfter(capabilities, "SASL") : []),
  ];
};

export const nntp: Protocol = {
  summary: "news over NNTP (119 STARTTLS, 563 SSL/TLS)",
  ...usualPorts.nntp,
  startTls: async (conversation, { learn }) => {
    const none = { capabilities: [], startTlsOffered: false, authInClear: [], injectedBytes: 0 };
    const greeting = await readStatus(conversation);
    let dialogue: ClearDialogue = { ...none, greeting: greeting.text };
    learn(dialogue);
    // 200: posting allowed, 201: prohibited.
    if (greeting.code !== 200 && greeting.code !== 201) {
      await farewell(conversation, "QUIT");
      return { dialogue, refused: { stage: "greeting", reason: reasonOf(greeting), message: greeting.text } };
    }
    const capabilities = await readCapabilities(conversation);
    if (capabilities) {
      const startTlsOffered = offers(capabilities, "STARTTLS");
      dialogue = { ...dialogue, capabilities, startTlsOffered, authInClear: authOf(capabilities) };
      learn(dialogue);
      if (!startTlsOffered) {
        await farewell(conversation, "QUIT");
        return { dialogue, refused: { reason: "not-offered", message: "STARTTLS is not among the capabilities" } };
      }
    }
    await conversation.writeLine("STARTTLS");
    const answer = await readStatus(conversation);
    const go = answer.code === 382;
    // Without CAPABILITIES, taking STARTTLS is the only way to offer it.
    const answered = { ...dialogue, startTlsOffered: capabilities ? true : go, startTlsReply: answer.text };
    learn(answered);
    if (go) return { dialogue: answered };
    await farewell(conversation, "QUIT");
    const unknown = !capabilities && answer.code === 500;
    return {
      dialogue: answered,
      refused: { reason: unknown ? "not-offered" : reasonOf(answer), message: answer.text },
    };
  },
  inside: async (conversation, mode) => {
    const greeting = mode === "implicit" ? await readStatus(conversation) : undefined;
    if (greeting && greeting.code !== 200 && greeting.code !== 201) {
      await farewell(conversation, "QUIT");
      throw new ConversationError(reasonOf(greeting), greeting.text);
    }
    // What was learnt in clear is forgotten (RFC 4642 §2.2.2): asked again.
    const capabilities = (await readCapabilities(conversation)) ?? [];
    await farewell(conversation, "QUIT");
    return {
      ...(greeting ? { greeting: greeting.text } : {}),
      capabilities,
      startTlsStillOffered: offers(capabilities, "STARTTLS"),
    };
  },
};
