// LDAP messages (RFC 4511 §4) as far as StartTLS needs them: bounded reading, results, attributes of the root DSE.
import { type DerElement, DerProblem, childrenOf, tags, writeElement } from "../domain/der.ts";
import { clean } from "../domain/text.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import type { Conversation } from "./protocol.ts";

export interface LdapMessage {
  readonly id: number;
  /** [APPLICATION n] of the operation: 0x78 is an ExtendedResponse. */
  readonly operation: DerElement;
}

const maxMessage = 32 * 1024;

const numberOf = (element: DerElement | undefined): number => {
  if (!element || element.content.length === 0 || element.content.length > 4) throw new DerProblem("no number");
  return element.content.readIntBE(0, element.content.length);
};

const shownByte = (byte: number): string => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `byte ${byte}`);

/** The length behind the first octet: short, or long in up to 4 octets (Active Directory writes `84 00 00 00 ..`). */
const readLength = async (conversation: Conversation, first: number): Promise<Buffer> => {
  if (first < 0x80) return Buffer.alloc(0);
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4) throw notUnderstood("an LDAP message", "a length that is none");
  return conversation.readBytes(octets);
};

/** @throws ConversationError for anything but a message of up to 32 KiB. */
export const readMessage = async (conversation: Conversation): Promise<LdapMessage> => {
  const [tag = 0, first = 0] = await conversation.readBytes(2);
  if (tag !== tags.sequence) {
    throw notUnderstood("an LDAP message", tag === 0x15 && first === 3 ? "\x15\x03" : shownByte(tag));
  }
  const more = await readLength(conversation, first);
  const size = more.length === 0 ? first : more.readUIntBE(0, more.length);
  if (size > maxMessage) throw new ConversationError("protocol", "an LDAP message of more than 32 KiB");
  const content = await conversation.readBytes(size);
  return understood(() => {
    const [id, operation] = childrenOf({ content });
    if (!operation) throw new DerProblem("it has no operation");
    return { id: numberOf(id), operation };
  });
};

/** What is no BER ends the conversation, not the program. */
const understood = <Result>(read: () => Result): Result => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DerProblem)) throw error;
    throw new ConversationError("protocol", `an LDAP message that cannot be read: ${error.message}`);
  }
};

/** RFC 4511 §4.1.9. */
const resultWords: Readonly<Record<number, string>> = {
  0: "success",
  1: "operationsError",
  2: "protocolError",
  8: "strongerAuthRequired",
  10: "referral",
  51: "busy",
  52: "unavailable",
  53: "unwillingToPerform",
  80: "other",
};

export interface LdapResult {
  readonly code: number;
  /** `2 protocolError: unsupported extended operation`, bounded. */
  readonly text: string;
  /** Of an ExtendedResponse. */
  readonly name?: string;
}

/** The LDAPResult that many operations begin with. */
export const resultOf = ({ operation }: LdapMessage): LdapResult =>
  understood(() => {
    const [code, , diagnostic, ...rest] = childrenOf(operation);
    const number = numberOf(code);
    const words = diagnostic?.content.toString("latin1") ?? "";
    const name = rest.find(({ tag }) => tag === 0x8a)?.content.toString("latin1");
    return {
      code: number,
      text: clean(`${number} ${resultWords[number] ?? "(unknown result)"}${words === "" ? "" : `: ${words}`}`),
      ...(name === undefined ? {} : { name }),
    };
  });

/** Attributes of a SearchResultEntry: `supportedSASLMechanisms PLAIN EXTERNAL`. */
export const attributesOf = ({ operation }: LdapMessage): readonly string[] =>
  understood(() => {
    const [, attributes] = childrenOf(operation);
    return (attributes ? childrenOf(attributes) : []).map((attribute) => {
      const [type, values] = childrenOf(attribute);
      const words = [type, ...(values ? childrenOf(values) : [])];
      return clean(words.map((word) => word?.content.toString("latin1") ?? "").join(" "));
    });
  });

const text = (value: string): Buffer => writeElement(tags.octetString, Buffer.from(value, "latin1"));
const number = (tag: number, value: number): Buffer => writeElement(tag, Buffer.from([value]));
const enumerated = 0x0a;

/** `id` is 1 to 127. */
export const writeMessage = (id: number, operation: Uint8Array): Buffer =>
  writeElement(tags.sequence, number(tags.integer, id), operation);

/** ExtendedRequest (RFC 4511 §4.12) without a value. */
export const extendedRequest = (oid: string): Buffer =>
  writeElement(0x77, writeElement(0x80, Buffer.from(oid, "latin1")));

/** A SearchRequest for these attributes of the root DSE (RFC 4512 §5.1), which asks for no login. */
export const rootSearch = (attributes: readonly string[]): Buffer =>
  writeElement(
    0x63,
    text(""),
    number(enumerated, 0), // baseObject
    number(enumerated, 0), // neverDerefAliases
    number(tags.integer, 1), // size limit
    number(tags.integer, 10), // time limit, in seconds
    number(tags.boolean, 0), // types and values
    writeElement(0x87, Buffer.from("objectClass")), // present
    writeElement(tags.sequence, ...attributes.map(text)),
  );

/** UnbindRequest: the client's goodbye, which is not answered. */
export const unbindRequest: Buffer = Buffer.from([0x42, 0x00]);
