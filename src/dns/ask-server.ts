// One question to one authoritative name server: over UDP, once more for a lost datagram, then over TCP; one deadline for all of it.
import type { RecordType } from "dns-packet";
import type { AskOptions } from "./dns.ts";
import type { Message } from "./message.ts";
import type { NameServer } from "./resolv-conf.ts";
import { type Attempt, askTcp, askUdp } from "./transport.ts";

export interface AskServerOptions extends AskOptions {
  readonly randomId: () => number;
  readonly ticks: () => number;
}

/** Shares of the deadline for the two datagrams; TCP has the rest. A network that drops DNS over UDP is passed that way. */
const datagramShares = [0.25, 0.35];

const isSilence = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ETIMEDOUT";

/** @throws Error with one phrase, `code` where the operating system gave one. */
export const askServer = async (
  server: NameServer,
  question: { readonly name: string; readonly type: RecordType },
  { timeoutMs, signal, randomId, ticks }: AskServerOptions,
): Promise<Message> => {
  const until = ticks() + timeoutMs;
  const attempt = (ms: number): Attempt => ({
    server,
    query: { ...question, id: randomId(), recursion: false },
    timeoutMs: Math.max(1, Math.min(ms, until - ticks())),
    signal,
  });
  for (const share of datagramShares) {
    try {
      const answer = await askUdp(attempt(timeoutMs * share));
      if (!answer.truncated) return answer;
      break;
    } catch (error) {
      // A closed UDP port says nothing about TCP; no way there at all does.
      if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") break;
      if (!isSilence(error)) throw error;
    }
  }
  return askTcp(attempt(timeoutMs));
};
