// The XMPP dialogue (RFC 6120 §4, §5; XEP-0368), shared by clients' and servers' streams, which differ in the namespace and the ports.
import type { ClearDialogue } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import type { UsualPlace } from "../domain/usual-ports.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import { offers, wordsAfter } from "./keyword.ts";
import type { Conversation, DialogueOptions, Protocol } from "./protocol.ts";
import { type Element, escaped, readElement, readHeader } from "./xmpp-stream.ts";

export interface XmppFlavour {
  readonly summary: string;
  readonly place: UsualPlace;
  readonly namespace: "jabber:client" | "jabber:server";
  /** XEP-0368 §5 */
  readonly alpn: string;
}

const send = (conversation: Conversation, xml: string): Promise<void> => conversation.write(Buffer.from(xml, "latin1"));

const goodbye = Buffer.from("</stream:stream>");

/** Stream errors (RFC 6120 §4.9.3) that pass by themselves. */
const passing = /^(?:resource-constraint|system-shutdown|reset|connection-timeout|internal-server-error)$/;

interface Refusal {
  readonly reason: "temporary" | "declined";
  readonly message: string;
}

/** `<stream:error><host-unknown/><text>...</text></stream:error>` */
const refusalOf = ({ children }: Element, host: string): Refusal => {
  const condition = children.find(({ name }) => name !== "text");
  const said = children.find(({ name }) => name === "text")?.text || condition?.text;
  const advice =
    condition?.name === "host-unknown"
      ? `: the server does not serve ${host}; XMPP wants the domain of the addresses, the server's own name goes to --address`
      : "";
  return {
    reason: passing.test(condition?.name ?? "") ? "temporary" : "declined",
    message: clean(`stream error ${condition?.name ?? "without a reason"}${said ? ` (${said})` : ""}${advice}`),
  };
};

/** `starttls required`, `mechanisms PLAIN SCRAM-SHA-1`: one for each feature. */
const capabilityOf = ({ name, children }: Element): string => {
  const words = children.map((child) => (child.name === "mechanism" ? child.text : child.name));
  return clean([name, ...words].join(" "));
};

interface Opened {
  readonly greeting: string;
  /** undefined: refused. */
  readonly capabilities?: readonly string[];
  readonly refused?: Refusal;
}

export const xmppProtocol = ({ summary, place, namespace, alpn }: XmppFlavour): Protocol => {
  const open = async (
    conversation: Conversation,
    { host, ehlo }: DialogueOptions,
    heard: (greeting: string) => void,
  ): Promise<Opened> => {
    // Servers say who they are (RFC 6120 §4.7.1); an address literal is no domain.
    const from = namespace === "jabber:server" && !ehlo.startsWith("[") ? ` from='${escaped(ehlo)}'` : "";
    await send(
      conversation,
      `<?xml version='1.0'?><stream:stream xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams'${from} to='${escaped(host)}' version='1.0'>`,
    );
    const header = await readHeader(conversation);
    heard(header.text);
    if (!header.hasFeatures) return { greeting: header.text, capabilities: [] };
    const first = await readElement(conversation);
    if (first.name === "error") return { greeting: header.text, refused: refusalOf(first, host) };
    if (first.name !== "features") throw notUnderstood("the stream's features", `<${first.name}>`);
    return { greeting: header.text, capabilities: first.children.map(capabilityOf) };
  };
  return {
    summary,
    ...place,
    clientFirst: true,
    alpn,
    startTls: async (conversation, options) => {
      const { learn, host } = options;
      let dialogue: ClearDialogue = {
        greeting: "",
        capabilities: [],
        startTlsOffered: false,
        authInClear: [],
        injectedBytes: 0,
      };
      const { capabilities, refused } = await open(conversation, options, (greeting) => {
        dialogue = { ...dialogue, greeting };
        learn(dialogue);
      });
      if (refused) {
        await farewell(conversation, goodbye);
        return { dialogue, refused: { stage: "greeting", ...refused } };
      }
      const startTlsOffered = offers(capabilities ?? [], "STARTTLS");
      const authInClear = wordsAfter(capabilities ?? [], "MECHANISMS");
      dialogue = { ...dialogue, capabilities: capabilities ?? [], startTlsOffered, authInClear };
      learn(dialogue);
      if (!startTlsOffered) {
        await farewell(conversation, goodbye);
        return { dialogue, refused: { reason: "not-offered", message: "starttls is not among the stream's features" } };
      }
      await send(conversation, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      const answer = await readElement(conversation);
      const said = answer.name === "error" ? refusalOf(answer, host) : undefined;
      dialogue = { ...dialogue, startTlsReply: said?.message ?? `<${clean(answer.name, 60)}/>` };
      learn(dialogue);
      if (answer.name === "proceed") return { dialogue };
      await farewell(conversation, goodbye);
      if (said) return { dialogue, refused: said };
      // A failure comes without a reason, and the server ends the stream (RFC 6120 §5.4.2.2).
      if (answer.name === "failure") return { dialogue, refused: { reason: "declined", message: "<failure/>" } };
      throw notUnderstood("the answer to starttls", `<${answer.name}>`);
    },
    inside: async (conversation, _mode, options) => {
      // What was learnt in clear is forgotten, and the stream starts anew (RFC 6120 §5.4.3.3).
      const { greeting, capabilities, refused } = await open(conversation, options, () => undefined);
      await farewell(conversation, goodbye);
      if (!capabilities) {
        throw new ConversationError(refused?.reason ?? "declined", refused?.message ?? "the stream was refused");
      }
      return { greeting, capabilities, startTlsStillOffered: offers(capabilities, "STARTTLS") };
    },
  };
};
