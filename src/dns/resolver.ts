// Asks this host's name servers in turn: UDP, then TCP for what was cut off; a lost datagram is sent again; all of it within one deadline.
import type { RecordType } from "dns-packet";
import type { AskOptions } from "./dns.ts";
import type { Message, Query } from "./message.ts";
import { isLoopback } from "../domain/ip.ts";
import type { NameServer, ResolvConf } from "./resolv-conf.ts";
import { type Attempt, askTcp, askUdp } from "./transport.ts";

export interface ResolverOptions extends ResolvConf {
  /** A fresh number from 0 to 65535, not to be guessed. */
  readonly randomId: () => number;
  /** Milliseconds of a clock that never goes back. */
  readonly ticks: () => number;
}

export interface Reply extends Pick<Message, "rcode" | "answers"> {
  /** DNSSEC vouches for it, on the word of a server that we may believe. */
  readonly secure: boolean;
}

export interface Resolver {
  /** @throws Error with one phrase for a message: nobody answered. */
  ask(name: string, type: RecordType, options: AskOptions): Promise<Reply>;
}

/** NXDOMAIN is an answer; these are a server's own trouble, and another server may know. */
const answered = new Set(["NOERROR", "NXDOMAIN"]);

/** How often each server is asked before we give up. */
const rounds = 2;

export const createResolver = ({ servers, trustAd, randomId, ticks }: ResolverOptions): Resolver => {
  const askServer = async (server: NameServer, question: Omit<Query, "id">, options: AskOptions): Promise<Reply> => {
    const attempt: Attempt = { ...options, server, query: { ...question, id: randomId() } };
    const started = ticks();
    const short = await askUdp(attempt);
    const left = Math.max(1, options.timeoutMs - (ticks() - started));
    const { rcode, answers, authenticData } = short.truncated ? await askTcp({ ...attempt, timeoutMs: left }) : short;
    return { rcode, answers, secure: authenticData && (trustAd || isLoopback(server.address)) };
  };

  const ask: Resolver["ask"] = async (name, type, { timeoutMs, signal }) => {
    const until = ticks() + timeoutMs;
    const share = Math.ceil(timeoutMs / (rounds * servers.length));
    let candidates = servers;
    let trouble: Reply | undefined;
    for (let round = 0; round < rounds; round += 1) {
      for (const server of candidates) {
        const left = until - ticks();
        if (left <= 0 || signal.aborted) break;
        try {
          const reply = await askServer(server, { name, type }, { timeoutMs: Math.min(share, left), signal });
          if (answered.has(reply.rcode)) return reply;
          trouble = reply;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === "ETIMEDOUT") continue;
        }
        // It said no, or there is no way to it: asking it again would not help.
        candidates = candidates.filter((one) => one !== server);
      }
    }
    if (trouble) return trouble;
    throw new Error(candidates.length === 0 ? "no name server can be reached" : "no name server answered in time");
  };
  return { ask };
};
