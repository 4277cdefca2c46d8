// POP3 (RFC 1939) with CAPA (RFC 2449) and STLS (RFC 2595 §4).
import type { ClearDialogue } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import { usualPorts } from "../domain/usual-ports.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import { offers, wordsAfter } from "./keyword.ts";
import type { Conversation, Protocol } from "./protocol.ts";

interface Status {
  readonly ok: boolean;
  readonly text: string;
}

const readStatus = async (conversation: Conversation): Promise<Status> => {
  const line = await conversation.readLine();
  const match = /^(\+OK|-ERR)(?: |$)/i.exec(line);
  if (!match) throw notUnderstood("+OK or -ERR", line);
  return { ok: match[1]?.toUpperCase() === "+OK", text: clean(line) };
};

/** Response codes of RFC 2449 §8 and RFC 3206 that mean "later". */
const reasonOf = (status: Status): "temporary" | "declined" =>
  /\[(?:IN-USE|LOGIN-DELAY|SYS\/TEMP)\]/i.test(status.text) ? "temporary" : "declined";

/** undefined: the server does not know CAPA, which is legal. */
const readCapabilities = async (conversation: Conversation): Promise<readonly string[] | undefined> => {
  await conversation.writeLine("CAPA");
  if (!(await readStatus(conversation)).ok) return undefined;
  const capabilities: string[] = [];
  for (;;) {
    const line = await conversation.readLine();
    if (line === ".") return capabilities;
    capabilities.push(clean(line.startsWith(".") ? line.slice(1) : line));
  }
};

export const pop3: Protocol = {
  summary: "mailboxes over POP3 (110 STARTTLS, 995 SSL/TLS)",
  ...usualPorts.pop3,
  startTls: async (conversation, { learn }) => {
    const none = { capabilities: [], startTlsOffered: false, authInClear: [], injectedBytes: 0 };
    const greeting = await readStatus(conversation);
    let dialogue: ClearDialogue = { ...none, greeting: greeting.text };
    learn(dialogue);
    if (!greeting.ok) {
      await farewell(conversation, "QUIT");
      return { dialogue, refused: { stage: "greeting", reason: reasonOf(greeting), message: greeting.text } };
    }
    const capabilities = await readCapabilities(conversation);
    if (capabilities) {
      const authInClear = [...(offers(capabilities, "USER") ? ["USER"] : []), ...wordsAfter(capabilities, "SASL")];
      dialogue = { ...dialogue, capabilities, authInClear, startTlsOffered: offers(capabilities, "STLS") };
      learn(dialogue);
      if (!dialogue.startTlsOffered) {
        await farewell(conversation, "QUIT");
        return { dialogue, refused: { reason: "not-offered", message: "STLS is not in the answer to CAPA" } };
      }
    }
    await conversation.writeLine("STLS");
    const answer = await readStatus(conversation);
    // Without CAPA, taking STLS is the only way to offer it.
    const answered = { ...dialogue, startTlsOffered: capabilities ? true : answer.ok, startTlsReply: answer.text };
    learn(answered);
    if (answer.ok) return { dialogue: answered };
    await farewell(conversation, "QUIT");
    const reason = capabilities ? reasonOf(answer) : "not-offered";
    return { dialogue: answered, refused: { reason, message: answer.text } };
  },
  inside: async (conversation, mode) => {
    const greeting = mode === "implicit" ? await readStatus(conversation) : undefined;
    if (greeting && !greeting.ok) {
      await farewell(conversation, "QUIT");
      throw new ConversationError(reasonOf(greeting), greeting.text);
    }
    const capabilities = (await readCapabilities(conversation)) ?? [];
    await farewell(conversation, "QUIT");
    return {
      ...(greeting ? { greeting: greeting.text } : {}),
      capabilities,
      startTlsStillOffered: offers(capabilities, "STLS"),
    };
  },
};
