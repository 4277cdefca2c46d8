// LDAP and its StartTLS extended operation (RFC 4511 §4.14): the client speaks first, and asking is the only way to see whether it is offered.
import { usualPorts } from "../domain/usual-ports.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import {
  type LdapMessage,
  type LdapResult,
  attributesOf,
  extendedRequest,
  readMessage,
  resultOf,
  rootSearch,
  unbindRequest,
  writeMessage,
} from "./ldap-message.ts";
import type { Conversation, Protocol } from "./protocol.ts";

const startTlsOid = "1.3.6.1.4.1.1466.20037";

const extendedResponse = 0x78;
const searchResultEntry = 0x64;
const searchResultDone = 0x65;
const searchResultReference = 0x73;

/** Messages before a search is done: one entry, and what servers add. */
const maxMessages = 8;

const unbind = (id: number): Buffer => writeMessage(id, unbindRequest);

/** busy and unavailable pass; protocolError means that the operation is not known (RFC 4511 §4.12). */
const reasonOf = ({ code }: LdapResult): "temporary" | "declined" | "not-offered" =>
  code === 51 || code === 52 ? "temporary" : code === 2 ? "not-offered" : "declined";

/** A Notice of Disconnection (RFC 4511 §4.4.1) comes unasked, with message ID 0. */
const noticeIn = (message: LdapMessage): LdapResult | undefined =>
  message.id === 0 && message.operation.tag === extendedResponse ? resultOf(message) : undefined;

/** What the root DSE says about the server; a server that does not show it to everybody answers with a result alone. */
const readRoot = async (conversation: Conversation, id: number): Promise<readonly string[]> => {
  await conversation.write(
    writeMessage(id, rootSearch(["supportedLDAPVersion", "supportedExtension", "supportedSASLMechanisms"])),
  );
  let attributes: readonly string[] = [];
  for (let count = 0; count < maxMessages; count += 1) {
    const message = await readMessage(conversation);
    const { tag } = message.operation;
    const notice = noticeIn(message);
    if (notice) throw new ConversationError(reasonOf(notice) === "temporary" ? "temporary" : "declined", notice.text);
    if (message.id === id && tag === searchResultDone) return attributes;
    if (message.id !== id || (tag !== searchResultEntry && tag !== searchResultReference)) break;
    if (tag === searchResultEntry) attributes = attributesOf(message);
  }
  throw notUnderstood("the end of a search of the root DSE", "another message");
};

export const ldap: Protocol = {
  summary: "directories over LDAP (389 StartTLS, 636 SSL/TLS)",
  ...usualPorts.ldap,
  clientFirst: true,
  startTls: async (conversation, { learn }) => {
    const none = { greeting: "", capabilities: [], startTlsOffered: false, authInClear: [], injectedBytes: 0 };
    await conversation.write(writeMessage(1, extendedRequest(startTlsOid)));
    const message = await readMessage(conversation);
    const notice = noticeIn(message);
    if (notice) {
      const reason = reasonOf(notice) === "temporary" ? "temporary" : "declined";
      return { dialogue: none, refused: { stage: "greeting", reason, message: `disconnected: ${notice.text}` } };
    }
    if (message.id !== 1 || message.operation.tag !== extendedResponse) {
      throw notUnderstood(
        "the answer to StartTLS",
        `operation ${message.operation.tag & 0x1f} for message ${message.id}`,
      );
    }
    const answer = resultOf(message);
    const dialogue = { ...none, startTlsOffered: reasonOf(answer) !== "not-offered", startTlsReply: answer.text };
    learn(dialogue);
    if (answer.code === 0) return { dialogue };
    await farewell(conversation, unbind(2));
    const reason = reasonOf(answer);
    return {
      dialogue,
      refused: { reason, message: reason === "not-offered" ? `no StartTLS: ${answer.text}` : answer.text },
    };
  },
  inside: async (conversation) => {
    const capabilities = await readRoot(conversation, 2);
    // Nothing is answered to this: the server just hangs up (RFC 4511 §4.3).
    await farewell(conversation, unbind(3));
    // supportedExtension lists what the server knows, also where it is used already.
    return { capabilities, startTlsStillOffered: false };
  },
};
