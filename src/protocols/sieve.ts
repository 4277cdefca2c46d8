// ManageSieve (RFC 5804): the server lists its capabilities unasked, in clear and again inside TLS.
import { usualPorts } from "../domain/usual-ports.ts";
import { ConversationError } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import { offers, wordsAfter } from "./keyword.ts";
import type { Protocol } from "./protocol.ts";
import { readSieveResponse, sieveRefusal } from "./sieve-response.ts";

/** How long to wait inside TLS for the list that must come by itself; old Cyrus never sends it. */
const patienceMs = 3000;

export const sieve: Protocol = {
  summary: "mail filters (ManageSieve, 4190)",
  ...usualPorts.sieve,
  startTls: async (conversation, { learn }) => {
    const greeting = await readSieveResponse(conversation);
    const { capabilities } = greeting;
    const dialogue = {
      greeting: greeting.text,
      capabilities,
      startTlsOffered: offers(capabilities, "STARTTLS"),
      // An empty list is the LOGINDISABLED of ManageSieve (RFC 5804 §1.7).
      authInClear: wordsAfter(capabilities, "SASL"),
      injectedBytes: 0,
    };
    learn(dialogue);
    if (greeting.status !== "OK") return { dialogue, refused: { stage: "greeting", ...sieveRefusal(greeting) } };
    if (!dialogue.startTlsOffered) {
      await farewell(conversation, "LOGOUT");
      return { dialogue, refused: { reason: "not-offered", message: "STARTTLS is not among the capabilities" } };
    }
    await conversation.writeLine("STARTTLS");
    const answer = await readSieveResponse(conversation);
    const answered = { ...dialogue, startTlsReply: answer.text };
    learn(answered);
    if (answer.status === "OK") return { dialogue: answered };
    if (answer.status === "NO") await farewell(conversation, "LOGOUT");
    return { dialogue: answered, refused: sieveRefusal(answer) };
  },
  inside: async (conversation) => {
    const silent = !(await conversation.arrives(patienceMs));
    if (silent) await conversation.writeLine("CAPABILITY");
    const greeting = await readSieveResponse(conversation);
    if (greeting.status !== "OK") {
      const { reason, message } = sieveRefusal(greeting);
      throw new ConversationError(reason, message);
    }
    await farewell(conversation, "LOGOUT");
    return {
      greeting: greeting.text,
      capabilities: greeting.capabilities,
      startTlsStillOffered: offers(greeting.capabilities, "STARTTLS"),
      ...(silent ? { silent } : {}),
    };
  },
};
