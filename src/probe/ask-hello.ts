// One question of a TLS profile on the wire: a fresh connection, the dialogue up to TLS, a ClientHello, the server's answer, and a goodbye.
import type { Socket } from "node:net";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { HelloAnswer } from "../hello/answer.ts";
import { type Offer, clientHello, goodbye } from "../hello/client-hello.ts";
import { answerReader } from "../hello/read-answer.ts";
import type { Observation } from "../domain/observation.ts";
import { protocols } from "../protocols/index.ts";
import { beforeStartTls } from "../protocols/mail-in-clear.ts";
import { connect } from "./connect.ts";
import { openConversation } from "./conversation.ts";
import type { Left } from "./probe.ts";
import { Stop, during } from "./stop.ts";
import { leave, ownName, plainAddress } from "./tls-probe.ts";

export interface HelloTerms {
  /** undefined: none is sent. */
  readonly sni: string | undefined;
  readonly ehlo: string;
  /** Deadline, and the caller's stop. */
  readonly signal: AbortSignal;
  /** 64 bytes. */
  readonly random: Uint8Array;
  readonly left?: Left | undefined;
  /** Ask for mail before TLS on the way; gets the answer. */
  readonly mailFirst?: ((answer: NonNullable<Observation["mailInClear"]>) => void) | undefined;
}

type Entry = EntryPoint & { readonly address: string };

/** Never rejects for what a server does. */
export const askHello = async (entry: Entry, offer: Offer, terms: HelloTerms): Promise<HelloAnswer> => {
  const { signal } = terms;
  let socket: Socket | undefined;
  try {
    socket = await connect(entry.address, entry.port, signal);
    if (entry.mode === "starttls") await walk(entry, socket, terms);
    const answer = await exchange(socket, offer, terms);
    // Servers log what just goes away, and some ban for it.
    if (answer.kind === "hello") socket.write(goodbye(offer.version));
    return answer;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { kind: "none", why: error.message };
  } finally {
    const closed = leave(socket);
    terms.left?.(closed);
  }
};

const walk = async (entry: Entry, socket: Socket, { ehlo, signal, mailFirst }: HelloTerms): Promise<void> => {
  const conversation = openConversation(socket, signal);
  const asking = mailFirst ? beforeStartTls(conversation, mailFirst) : conversation;
  const options = {
    host: entry.host,
    ehlo: ehlo || ownName(plainAddress(socket.localAddress)),
    learn: () => undefined,
  };
  const outcome = await during(
    () => "starttls",
    () => protocols[entry.protocol].startTls(asking, options),
  );
  if (outcome.refused) throw new Stop("starttls", outcome.refused.reason, outcome.refused.message);
  // Not TLS, and nobody's word (RFC 3207 §6): the ordinary look reports it.
  if (conversation.detach().length > 0) throw new Stop("starttls", "injected", "bytes in clear after the go-ahead");
};

const exchange = (socket: Socket, offer: Offer, { sni, signal, random }: HelloTerms): Promise<HelloAnswer> =>
  new Promise((resolve) => {
    const reader = answerReader(offer);
    const finish = (answer: HelloAnswer): void => {
      signal.removeEventListener("abort", onLate);
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
      resolve(answer);
    };
    const onLate = (): void => finish({ kind: "none", why: "no answer to a ClientHello in time" });
    const onData = (part: Buffer): void => {
      const answer = reader.feed(part);
      if (answer) finish(answer);
    };
    const onEnd = (): void => finish(reader.end("closed"));
    const onError = ({ code }: NodeJS.ErrnoException): void =>
      finish(reader.end(code === "ECONNRESET" || code === "EPIPE" ? "reset" : "closed"));
    if (signal.aborted) return onLate();
    signal.addEventListener("abort", onLate, { once: true });
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
    socket.write(clientHello(offer, sni, random));
    socket.resume();
  });
