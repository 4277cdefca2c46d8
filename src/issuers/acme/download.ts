// The certificate of an order that is done (RFC 8555 §7.4.2): its chain as it is preferred, held to what was asked for.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import type { UnmetWish } from "../../domain/unmet-wish.ts";
import type { Account } from "./account.ts";
import { readChain } from "./chain.ts";
import { alternatesOf, isPreferred, topOf } from "./chain-choice.ts";
import { lookAgain } from "./passing.ts";
import type { Patience } from "./poll.ts";
import { ProblemError } from "./problem.ts";
import type { Order } from "./resources.ts";
import type { Reply } from "./transport.ts";

export interface DownloadOptions {
  readonly account: Account;
  readonly names: readonly string[];
  /** What was certified: SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
  /** Common name at a chain's top, or `sha256:HEX` of a key in it. */
  readonly preferredChain?: string;
  /** One sentence for people. */
  readonly unmet: (wish: UnmetWish) => void;
  readonly patience: Pick<Patience, "sleep" | "signal">;
  readonly step: (what: string) => void;
}

export type ReadChain = ReturnType<typeof readChain>;

interface Fetched {
  readonly read: ReadChain;
  readonly reply: Reply;
}

const readReply = (o: DownloadOptions, reply: Reply): Fetched => {
  if (typeof reply.data !== "string")
    throw new Failure(
      "unavailable",
      "the CA sent the certificate as something else than application/pem-certificate-chain",
      {
        hints: ["run the command again later: it fetches the chain again without a new order"],
        facts: { code: "BAD_CHAIN" },
      },
    );
  return { read: readChain(reply.data, o.names, o.spki), reply };
};

const fetchChain = (o: DownloadOptions, url: string): Promise<Fetched> =>
  lookAgain(
    () => o.account.engine.api.apiRequest(url, null, [200]),
    (reply) => readReply(o, reply),
    o.patience,
  );

/** The chain that is preferred among those that the CA has; its default where there is no such one, or an alternate cannot be had. */
const preferredOf = async (
  o: DownloadOptions,
  { read: byDefault, reply }: Fetched,
  url: string,
): Promise<ReadChain> => {
  const { preferredChain: preferred, unmet, patience } = o;
  if (preferred === undefined || isPreferred(byDefault.chain, preferred)) return byDefault;
  const offered = [...topOf(byDefault.chain)];
  for (const alternate of alternatesOf(reply, url)) {
    try {
      const { read } = await fetchChain(o, alternate);
      if (isPreferred(read.chain, preferred)) return read;
      offered.push(...topOf(read.chain));
    } catch (error) {
      patience.signal.throwIfAborted();
      if (!(error instanceof ProblemError || error instanceof Failure)) throw error;
      o.step(`an alternate chain cannot be had: ${error.message}`);
    }
  }
  unmet({
    setting: "preferred_chain",
    message: `the CA has no chain for preferred_chain "${clean(preferred, 100)}" (its chains end at ${[...new Set(offered)].join(", ")}): its default was taken`,
  });
  return byDefault;
};

export const download = async (o: DownloadOptions, order: Order): Promise<ReadChain> => {
  if (order.certificate === undefined)
    throw new Failure(
      "unavailable",
      `the CA's order is "${order.status}" and names no certificate (RFC 8555 §7.1.3): ${order.url}`,
      { hints: ["run the command again later: it goes on with the same order"] },
    );
  return preferredOf(o, await fetchChain(o, order.certificate), order.certificate);
};
