// Asks one submission port whether it takes mail before TLS: one connection in clear, ended politely.
import type { Socket } from "node:net";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { Observation } from "../domain/observation.ts";
import { ConversationError } from "../protocols/conversation-error.ts";
import { mailInClear } from "../protocols/mail-in-clear.ts";
import { connect } from "./connect.ts";
import { openConversation } from "./conversation.ts";
import { deadline } from "./deadline.ts";
import type { Left } from "./probe.ts";
import { Stop } from "./stop.ts";
import { leave, ownName, plainAddress } from "./tls-probe.ts";

/** undefined: nobody answered. Never rejects for what a server does. */
export type AskMailInClear = (
  entry: EntryPoint & { readonly address: string },
  terms: { readonly ehlo: string; readonly timeoutMs: number; readonly signal?: AbortSignal; readonly left?: Left },
) => Promise<Observation["mailInClear"]>;

export const askMailInClear: AskMailInClear = async (entry, { ehlo, timeoutMs, signal: stop, left }) => {
  stop?.throwIfAborted();
  const { signal, over } = deadline(timeoutMs, stop);
  let socket: Socket | undefined;
  try {
    socket = await connect(entry.address, entry.port, signal);
    const conversation = openConversation(socket, signal);
    const answer = await mailInClear(conversation, ehlo || ownName(plainAddress(socket.localAddress)));
    conversation.detach();
    return answer;
  } catch (error) {
    if (error instanceof Stop || error instanceof ConversationError) return undefined;
    throw error;
  } finally {
    over();
    const closed = leave(socket);
    left?.(closed);
    stop?.throwIfAborted();
  }
};
