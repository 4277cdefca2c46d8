// IMAP (RFC 9051, RFC 3501) and its STARTTLS (RFC 9051 §6.2.1).
import type { ClearDialogue } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import { usualPorts } from "../domain/usual-ports.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import { capabilityCode, command, readResponse, refusalOf } from "./imap-response.ts";
import { offers, wordsAfter } from "./keyword.ts";
import type { Conversation, Protocol } from "./protocol.ts";

interface Greeting {
  readonly kind: "OK" | "PREAUTH" | "BYE";
  readonly text: string;
  readonly capabilities: readonly string[] | undefined;
}

const readGreeting = async (conversation: Conversation): Promise<Greeting> => {
  const response = await readResponse(conversation);
  const kind = /^\* (OK|PREAUTH|BYE)\b/i.exec(response)?.[1]?.toUpperCase();
  if (kind !== "OK" && kind !== "PREAUTH" && kind !== "BYE") throw notUnderstood("an IMAP greeting", response);
  return { kind, text: clean(response), capabilities: capabilityCode(response) };
};

/** SASL mechanisms (`AUTH=`), and the LOGIN command where nothing disables it (RFC 9051 §6.2.3). */
const authOf = (capabilities: readonly string[]): readonly string[] => [
  ...new Set([...wordsAfter(capabilities, "AUTH"), ...(offers(capabilities, "LOGINDISABLED") ? [] : ["LOGIN"])]),
];

export const imap: Protocol = {
  summary: "mailboxes over IMAP (143 STARTTLS, 993 SSL/TLS)",
  ...usualPorts.imap,
  startTls: async (conversation, { learn }) => {
    const none = { capabilities: [], startTlsOffered: false, authInClear: [], injectedBytes: 0 };
    const greeting = await readGreeting(conversation);
    let dialogue: ClearDialogue = { ...none, greeting: greeting.text };
    learn(dialogue);
    if (greeting.kind === "BYE") return { dialogue, refused: { stage: "greeting", ...refusalOf(greeting.text) } };
    if (greeting.kind === "PREAUTH") {
      await farewell(conversation, "a1 LOGOUT");
      return {
        dialogue: { ...dialogue, preauth: true },
        refused: {
          reason: "protocol",
          message: "greeted with PREAUTH: a session that is logged in already cannot start TLS",
        },
      };
    }
    const capabilities = greeting.capabilities ?? (await command(conversation, "a1", "CAPABILITY")).capabilities;
    const startTlsOffered = offers(capabilities, "STARTTLS");
    dialogue = { ...dialogue, capabilities, startTlsOffered, authInClear: authOf(capabilities) };
    learn(dialogue);
    if (!startTlsOffered) {
      await farewell(conversation, "a2 LOGOUT");
      return { dialogue, refused: { reason: "not-offered", message: "STARTTLS is not among the capabilities" } };
    }
    const answer = await command(conversation, "a2", "STARTTLS");
    const answered = { ...dialogue, startTlsReply: answer.text };
    learn(answered);
    if (answer.status === "OK") return { dialogue: answered };
    await farewell(conversation, "a3 LOGOUT");
    return { dialogue: answered, refused: refusalOf(answer.text) };
  },
  inside: async (conversation, mode) => {
    const greeting = mode === "implicit" ? await readGreeting(conversation) : undefined;
    if (greeting?.kind === "BYE") {
      const { reason, message } = refusalOf(greeting.text);
      throw new ConversationError(reason, message);
    }
    // What was learnt in clear is forgotten (RFC 9051 §6.2.1): asked again after STARTTLS.
    const capabilities = greeting?.capabilities ?? (await command(conversation, "a3", "CAPABILITY")).capabilities;
    await farewell(conversation, "a4 LOGOUT");
    return {
      ...(greeting ? { greeting: greeting.text } : {}),
      capabilities,
      startTlsStillOffered: offers(capabilities, "STARTTLS"),
      ...(authOf(capabilities).length === 0 ? { loginDisabled: true as const } : {}),
    };
  },
};
