// Reading XMPP streams (RFC 6120 §4, §11): a bounded reader of tags and small elements, for as much XML as XMPP allows.
import { clean } from "../domain/text.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import type { Conversation } from "./protocol.ts";

const maxTag = 4096;
const maxText = 4096;
const maxDepth = 16;

interface Tag {
  readonly kind: "open" | "close" | "empty";
  /** Without its prefix: `stream:features` is `features`. */
  readonly name: string;
  /** Without the angle brackets. */
  readonly raw: string;
}

export interface Element {
  readonly name: string;
  readonly text: string;
  readonly children: readonly Element[];
}

/** The quotation mark that is still open behind `part`, where `open` was before it. */
const quoteAfter = (part: string, open: string): string => {
  let quote = open;
  for (const character of part) {
    if (quote === character) quote = "";
    else if (quote === "" && /["']/.test(character)) quote = character;
  }
  return quote;
};

/** Behind `<`: the rest of a tag; undefined for `<?xml ...?>`. */
const readTag = async (conversation: Conversation): Promise<Tag | undefined> => {
  let raw = "";
  let quote = "";
  do {
    const part = await conversation.readUntil(">", maxTag);
    raw += part;
    if (raw.length > maxTag) throw new ConversationError("protocol", "an XML tag of more than 4 KiB");
    // A ">" inside quotes ends nothing.
    quote = quoteAfter(part, quote);
  } while (quote !== "");
  raw = raw.slice(0, -1);
  if (raw.startsWith("?")) return undefined;
  const name = /^\/?(?:[\w.-]+:)?([\w.-]+)(?=[\s/]|$)/.exec(raw)?.[1];
  // Comments, DTDs and the like do not occur in XMPP (RFC 6120 §11.1).
  if (name === undefined) throw notUnderstood("an XML element", `<${raw}>`);
  return { kind: raw.startsWith("/") ? "close" : raw.endsWith("/") ? "empty" : "open", name, raw };
};

/** The next tag between stanzas, where only white space may stand. */
const nextTag = async (conversation: Conversation): Promise<Tag> => {
  for (;;) {
    const character = (await conversation.readBytes(1)).toString("latin1");
    if (/\s/.test(character)) continue;
    if (character !== "<") {
      const alert = character === "\x15" ? (await conversation.readBytes(1)).toString("latin1") : "";
      throw notUnderstood("an XMPP stream", `${character}${alert}`);
    }
    const tag = await readTag(conversation);
    if (tag) return tag;
  }
};

/** Everything up to the tag that closes `tag`. */
const readRest = async (conversation: Conversation, { kind, name }: Tag, depth: number): Promise<Element> => {
  if (kind === "empty") return { name, text: "", children: [] };
  if (depth > maxDepth) throw new ConversationError("protocol", "XML that is nested too deeply");
  const children: Element[] = [];
  let text = "";
  for (;;) {
    text += (await conversation.readUntil("<", maxText)).slice(0, -1);
    const tag = await readTag(conversation);
    if (!tag) continue;
    if (tag.kind !== "close") children.push(await readRest(conversation, tag, depth + 1));
    else if (tag.name === name) return { name, text: clean(text), children };
    else throw notUnderstood(`</${name}>`, `<${tag.raw}>`);
  }
};

/** The next stanza. @throws ConversationError `closed` where the stream ends instead. */
export const readElement = async (conversation: Conversation): Promise<Element> => {
  const tag = await nextTag(conversation);
  if (tag.kind === "close") throw new ConversationError("closed", "the server closed the stream");
  return readRest(conversation, tag, 0);
};

export interface StreamHeader {
  /** The tag as it came, bounded. */
  readonly text: string;
  /** Before 1.0 there are no features, and no STARTTLS (RFC 6120 §4.7.5). */
  readonly hasFeatures: boolean;
}

export const readHeader = async (conversation: Conversation): Promise<StreamHeader> => {
  const tag = await nextTag(conversation);
  if (tag.name !== "stream" || tag.kind !== "open") throw notUnderstood("an XMPP stream", `<${tag.raw}>`);
  return { text: clean(`<${tag.raw}>`), hasFeatures: /\sversion\s*=\s*["'][1-9]/.test(tag.raw) };
};

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&apos;",
  '"': "&quot;",
};

/** For the value of an attribute. */
export const escaped = (value: string): string =>
  value.replaceAll(/[&<>'"]/g, (character) => entities[character] ?? "");
