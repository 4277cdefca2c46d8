// Tries command injection at one STARTTLS entry point: one connection, one harmless command glued to STARTTLS, and what came of it.
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { InjectionOutcome } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import { ConversationError } from "../protocols/conversation-error.ts";
import { protocols } from "../protocols/index.ts";
import { type Injection, canInject, injections } from "../protocols/injection.ts";
import { connect } from "./connect.ts";
import { type OpenConversation, openConversation } from "./conversation.ts";
import { deadline } from "./deadline.ts";
import { chainAsSent, handshake } from "./handshake.ts";
import type { Left } from "./probe.ts";
import { Stop } from "./stop.ts";
import { createTlsContexts } from "./tls-context.ts";
import { leave, ownName, plainAddress } from "./tls-probe.ts";

export interface InjectOptions {
  /** As in the ordinary handshake; undefined: none. */
  readonly sni: string | undefined;
  readonly ehlo: string;
  /** Of the whole, in milliseconds. */
  readonly timeoutMs: number;
  /** The ordinary handshake needed a small ClientHello. */
  readonly smallHello: boolean;
  readonly signal?: AbortSignal;
  readonly left?: Left;
}

export interface Injected {
  readonly outcome: InjectionOutcome;
  /** DER of the leaf that was shown meanwhile. */
  readonly leaf?: Buffer;
  /** It broke off without a word: for what was glued, or for something else, such as a limit of connections. */
  readonly broke?: true;
}

/**
 * undefined: nobody knows how to try it there. Never rejects for what a server does.
 * MUST only be called where the ordinary handshake worked: only then does a handshake that breaks here mean that the server noticed.
 */
export type Inject = (
  entry: EntryPoint & { readonly address: string },
  options: InjectOptions,
) => Promise<Injected | undefined>;

const undecided = (why: string): InjectionOutcome => ({ kind: "undecided", why });

/** Lines of an answer that are worth reading. */
const maxLines = 64;

export const createInjector = (): Inject => {
  const contexts = createTlsContexts();
  const noAnchors: readonly string[] = [];
  return async (entry, { sni, ehlo, timeoutMs, smallHello, signal: stop, left }) => {
    const injection = injections[entry.protocol];
    if (!injection || !canInject(entry)) return undefined;
    stop?.throwIfAborted();
    const { signal, over } = deadline(timeoutMs, stop);
    let socket: Socket | undefined;
    let tls: TLSSocket | undefined;
    try {
      socket = await connect(entry.address, entry.port, signal);
      const name = ehlo || ownName(plainAddress(socket.localAddress));
      const early = await glue(entry, injection, socket, name, signal);
      if (early) return early;
      const result = await handshake(socket, {
        sni,
        context: contexts(noAnchors, { slot: undefined, smallHello }),
        signal,
      });
      if (result.kind === "timeout") return { outcome: undecided("the server fell silent after its go-ahead") };
      if (result.kind !== "done") return { outcome: { kind: "refused", how: "the handshake breaks" }, broke: true };
      tls = result.socket;
      const [leaf] = chainAsSent(tls).chain;
      const outcome = await listen(injection, openConversation(tls, signal));
      return { outcome, ...(leaf ? { leaf } : {}) };
    } catch (error) {
      if (error instanceof Stop) return { outcome: undecided(error.message) };
      throw error;
    } finally {
      over();
      const closed = leave(tls ?? socket);
      left?.(closed);
      stop?.throwIfAborted();
    }
  };
};

/** Up to the go-ahead; an outcome where it ends before. */
const glue = async (
  entry: EntryPoint,
  { startTls, command }: Injection,
  socket: Socket,
  ehlo: string,
  signal: AbortSignal,
): Promise<Injected | undefined> => {
  const conversation = openConversation(socket, signal);
  let sent = false;
  const glued: OpenConversation = {
    ...conversation,
    writeLine: (line) => {
      if (!startTls.test(line)) return conversation.writeLine(line);
      sent = true;
      return conversation.writeLine(`${line}\r\n${command}`);
    },
  };
  try {
    const { refused } = await protocols[entry.protocol].startTls(glued, {
      host: entry.host,
      ehlo,
      learn: () => undefined,
    });
    if (refused && (!sent || refused.reason === "temporary")) return { outcome: undecided(refused.message) };
    if (refused) return { outcome: { kind: "refused", how: `the server says ${refused.message}` } };
    // In clear, before TLS: nobody takes that for part of the protected session.
    if (conversation.detach().length === 0) return undefined;
    return { outcome: { kind: "refused", how: "the server answers it in clear, before TLS" } };
  } catch (error) {
    if (!(error instanceof ConversationError)) throw error;
    if (!sent || (error.reason !== "closed" && error.reason !== "declined"))
      return { outcome: undecided(error.message) };
    return { outcome: { kind: "refused", how: error.message }, ...(error.reason === "closed" ? { broke: true } : {}) };
  }
};

/** Says goodbye inside TLS, and reads up to its answer. */
const listen = async (injection: Injection, conversation: OpenConversation): Promise<InjectionOutcome> => {
  const lines: string[] = [];
  let ended: string | undefined;
  const told = (): InjectionOutcome | undefined => {
    const verdict = injection.read(lines, ended !== undefined);
    if (verdict === undefined) return undefined;
    if (verdict === "executed") return { kind: "executed", answer: clean(lines.join(" "), 200) };
    return verdict === "discarded"
      ? { kind: "discarded" }
      : undecided(clean(`inside TLS the server says: ${lines.join(" ") || (ended ?? "nothing")}`, 200));
  };
  try {
    await conversation.writeLine(injection.goodbye);
    while (lines.length < maxLines) {
      lines.push(await conversation.readLine());
      const outcome = told();
      if (outcome) return outcome;
    }
    ended = "too much";
  } catch (error) {
    if (!(error instanceof ConversationError)) throw error;
    // Silence is no end: an answer might still be on its way.
    if (error.reason !== "closed") return undecided(error.message);
    ended = error.message;
  } finally {
    conversation.detach();
  }
  return told() ?? undecided(ended);
};
