// FTP (RFC 959) and its AUTH TLS (RFC 4217), announced by FEAT (RFC 2389). Only the control connection is looked at.
import type { ClearDialogue } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import { usualPorts } from "../domain/usual-ports.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import type { Conversation, Protocol } from "./protocol.ts";

interface Reply {
  readonly code: number;
  /** Texts, one a line; those between the first and the last as they came. */
  readonly lines: readonly string[];
}

/** A whole reply: `220-` up to a line with the same code and a space; lines between need not start with a code (RFC 959 §4.2). */
const readReply = async (conversation: Conversation): Promise<Reply> => {
  const first = await conversation.readLine();
  const match = /^([1-5]\d\d)(?:([ -])(.*))?$/s.exec(first);
  if (!match) throw notUnderstood("an FTP reply", first);
  const [, code = "", mark, text = ""] = match;
  const lines = [text];
  for (let more = mark === "-"; more;) {
    const line = await conversation.readLine();
    more = !(line.startsWith(code) && /^(?: |$)/.test(line.slice(3)));
    lines.push(more ? line : line.slice(4));
  }
  return { code: Number(code), lines };
};

const textOf = ({ code, lines }: Reply): string => clean(`${code} ${lines.join(" ")}`);

/** 1xx (120: ready in some minutes) and 4xx are for now. */
const reasonOf = ({ code }: Reply): "temporary" | "declined" => (code < 500 ? "temporary" : "declined");

const command = async (conversation: Conversation, line: string): Promise<Reply> => {
  await conversation.writeLine(line);
  return readReply(conversation);
};

/** undefined: the server does not know FEAT, or only after a login; both are legal. */
const readFeatures = async (conversation: Conversation): Promise<readonly string[] | undefined> => {
  const reply = await command(conversation, "FEAT");
  if (reply.code === 421) throw new ConversationError("temporary", textOf(reply));
  // Each feature stands on a line of its own, indented by a space (RFC 2389 §3.2).
  return reply.code === 211 ? reply.lines.slice(1, -1).map((line) => clean(line)) : undefined;
};

/** `AUTH TLS`, `AUTH SSL TLS`, `AUTH TLS;TLS-C;SSL` (RFC 4217 §6). */
const offersTls = (features: readonly string[]): boolean =>
  features.some((feature) => /^AUTH[ ;](?:.*[ ;])?TLS(?:-C)?(?:[ ;]|$)/i.test(feature));

export const ftp: Protocol = {
  summary: "files over FTP (21 AUTH TLS, 990 SSL/TLS)",
  ...usualPorts.ftp,
  startTls: async (conversation, { learn }) => {
    // USER is no offer: every server knows the command, and whether it is taken in clear only a login would tell.
    const none = { capabilities: [], startTlsOffered: false, authInClear: [], injectedBytes: 0 };
    const greeting = await readReply(conversation);
    let dialogue: ClearDialogue = { ...none, greeting: textOf(greeting) };
    learn(dialogue);
    if (greeting.code !== 220) {
      await farewell(conversation, "QUIT");
      return { dialogue, refused: { stage: "greeting", reason: reasonOf(greeting), message: textOf(greeting) } };
    }
    const features = await readFeatures(conversation);
    if (features) {
      dialogue = { ...dialogue, capabilities: features, startTlsOffered: offersTls(features) };
      learn(dialogue);
    }
    // Asked for in any case, as programs do: FEAT may be unknown, and vsftpd takes AUTH TLS without listing it.
    const answer = await command(conversation, "AUTH TLS");
    const go = answer.code === 234;
    const answered = {
      ...dialogue,
      startTlsOffered: features ? dialogue.startTlsOffered : go,
      startTlsReply: textOf(answer),
    };
    learn(answered);
    if (go) return { dialogue: answered };
    await farewell(conversation, "QUIT");
    // 530 is vsftpd's word for a command that it takes only after a login.
    const unknown = !answered.startTlsOffered && [500, 502, 504, 530].includes(answer.code);
    return {
      dialogue: answered,
      refused: { reason: unknown ? "not-offered" : reasonOf(answer), message: textOf(answer) },
    };
  },
  inside: async (conversation, mode) => {
    const greeting = mode === "implicit" ? await readReply(conversation) : undefined;
    if (greeting && greeting.code !== 220) {
      await farewell(conversation, "QUIT");
      throw new ConversationError(reasonOf(greeting), textOf(greeting));
    }
    const features = (await readFeatures(conversation)) ?? [];
    await farewell(conversation, "QUIT");
    return {
      ...(greeting ? { greeting: textOf(greeting) } : {}),
      capabilities: features,
      // FEAT lists what the server knows, also where it is used already (RFC 4217 §6): that AUTH TLS stays is no fault.
      startTlsStillOffered: false,
    };
  },
};
