// The SMTP dialogue (RFC 5321, RFC 3207), shared by smtp, submission and lmtp, which differ in the greeting command and the ports.
import type { ClearDialogue } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import type { UsualPlace } from "../domain/usual-ports.ts";
import { ConversationError, notUnderstood } from "./conversation-error.ts";
import { farewell } from "./farewell.ts";
import { offers, wordsAfter } from "./keyword.ts";
import type { Conversation, Protocol } from "./protocol.ts";

export interface Reply {
  readonly code: number;
  /** Texts after the code, one a line. */
  readonly lines: readonly string[];
}

/** A whole reply: every line carries the same code, the last one without a hyphen (RFC 5321 §4.2.1). */
export const readReply = async (conversation: Conversation): Promise<Reply> => {
  const lines: string[] = [];
  let code: string | undefined;
  for (;;) {
    const line = await conversation.readLine();
    const match = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line);
    if (!match) throw notUnderstood("an SMTP reply", line);
    if (code !== undefined && match[1] !== code) throw notUnderstood(`a further line of reply ${code}`, line);
    code = match[1];
    lines.push(match[3] ?? "");
    if (match[2] !== "-") return { code: Number(code), lines };
  }
};

export const textOf = (reply: Reply): string => clean(`${reply.code} ${reply.lines.join(" ")}`);

/** 4xx is for now (greylisting, too many connections, load), 5xx for good. */
const reasonOf = (reply: Reply): "temporary" | "declined" => (reply.code < 500 ? "temporary" : "declined");

export const command = async (conversation: Conversation, line: string): Promise<Reply> => {
  await conversation.writeLine(line);
  return readReply(conversation);
};

export interface SmtpFlavour {
  readonly summary: string;
  readonly place: UsualPlace;
  readonly hello: "EHLO" | "LHLO";
}

export const smtpProtocol = ({ summary, place, hello }: SmtpFlavour): Protocol => {
  /** The capability list; undefined: the server knows no extensions (it takes HELO only), so there is no STARTTLS. */
  const greet = async (conversation: Conversation, ehlo: string): Promise<readonly string[] | Reply> => {
    const reply = await command(conversation, `${hello} ${ehlo}`);
    return reply.code === 250 ? reply.lines.slice(1).map((line) => clean(line)) : reply;
  };
  return {
    summary,
    ...place,
    startTls: async (conversation, { ehlo, learn }) => {
      const none = { greeting: "", capabilities: [], startTlsOffered: false, authInClear: [], injectedBytes: 0 };
      const banner = await readReply(conversation);
      let dialogue: ClearDialogue = { ...none, greeting: textOf(banner) };
      learn(dialogue);
      if (banner.code !== 220) {
        await farewell(conversation, "QUIT");
        return { dialogue, refused: { stage: "greeting", reason: reasonOf(banner), message: textOf(banner) } };
      }
      const capabilities = await greet(conversation, ehlo);
      if ("code" in capabilities) {
        const old =
          hello === "EHLO" && capabilities.code >= 500 ? await command(conversation, `HELO ${ehlo}`) : undefined;
        await farewell(conversation, "QUIT");
        const said = `${hello} was refused (${textOf(capabilities)})`;
        return {
          dialogue,
          refused:
            old?.code === 250
              ? { reason: "not-offered", message: `${said}, and HELO knows no STARTTLS` }
              : { reason: reasonOf(capabilities), message: said, stage: "greeting" },
        };
      }
      const startTlsOffered = offers(capabilities, "STARTTLS");
      dialogue = { ...dialogue, capabilities, startTlsOffered, authInClear: wordsAfter(capabilities, "AUTH") };
      learn(dialogue);
      if (!startTlsOffered) {
        await farewell(conversation, "QUIT");
        return { dialogue, refused: { reason: "not-offered", message: `STARTTLS is not in the answer to ${hello}` } };
      }
      const answer = await command(conversation, "STARTTLS");
      const answered = { ...dialogue, startTlsReply: textOf(answer) };
      learn(answered);
      if (answer.code === 220) return { dialogue: answered };
      await farewell(conversation, "QUIT");
      return { dialogue: answered, refused: { reason: reasonOf(answer), message: textOf(answer) } };
    },
    inside: async (conversation, mode, { ehlo }) => {
      const banner = mode === "implicit" ? await readReply(conversation) : undefined;
      if (banner && banner.code !== 220) {
        await farewell(conversation, "QUIT");
        throw new ConversationError(reasonOf(banner), textOf(banner));
      }
      const capabilities = await greet(conversation, ehlo);
      await farewell(conversation, "QUIT");
      if ("code" in capabilities) {
        throw new ConversationError(
          reasonOf(capabilities),
          `${hello} was refused inside TLS (${textOf(capabilities)})`,
        );
      }
      return {
        ...(banner ? { greeting: textOf(banner) } : {}),
        capabilities,
        startTlsStillOffered: offers(capabilities, "STARTTLS"),
      };
    },
  };
};
