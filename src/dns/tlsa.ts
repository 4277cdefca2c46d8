// TLSA records of a mail host as a sender looks them up (RFC 7672 §2.2.2): at the end of the host's aliases first, then at its own name.
import { type TlsaRecord, tlsaOwner } from "../domain/tlsa.ts";
import { canonicalOwner, recordsOf } from "./alias.ts";
import type { Authoritative, RecordOf } from "./authoritative.ts";
import type { AskOptions, ServerTlsa, TlsaLookup } from "./dns.ts";
import type { Resolver } from "./resolver.ts";

/** More than any sender reads. */
const mostRecords = 32;

const recordOf = ({ data: { usage, selector, matchingType, certificate } }: RecordOf<"TLSA">): TlsaRecord => ({
  usage,
  selector,
  matchingType,
  data: certificate.toString("hex"),
});

/** As each authoritative server has them now: a resolver knows one of them, and for as long as its cache holds. */
export const lookUpTlsaEverywhere = async (
  authoritative: Authoritative,
  owner: string,
  options: AskOptions,
): Promise<readonly ServerTlsa[]> => {
  const asked = await authoritative.askAll(owner, "TLSA", options);
  if (asked.kind === "unknown") return [];
  return asked.replies.flatMap((reply) =>
    reply.kind === "answered"
      ? [
          {
            server: reply.address === undefined ? reply.server : `${reply.server} (${reply.address})`,
            records: reply.records.slice(0, mostRecords).map(recordOf),
            ttl: Math.max(0, ...reply.records.map(({ ttl }) => ttl ?? 0)),
          },
        ]
      : [],
  );
};

const at = async (resolver: Resolver, owner: string, options: AskOptions): Promise<TlsaLookup> => {
  const { rcode, answers, secure } = await resolver.ask(owner, "TLSA", options);
  if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { kind: "unknown", why: `${owner}: ${rcode}` };
  const found = recordsOf(owner, "TLSA", answers).slice(0, mostRecords);
  if (found.length === 0) return { kind: "none" };
  return { kind: "found", owner, records: found.map(recordOf), secure };
};

const isHostName = (name: string): boolean => name.length <= 253 && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(name);

/** Where a secure alias leads; undefined where the host is none, or nobody vouches for it. */
const expanded = async (resolver: Resolver, host: string, options: AskOptions): Promise<string | undefined> => {
  const { answers, secure } = await resolver.ask(host, "A", options);
  const owner = canonicalOwner(host, answers);
  // The name is printed as a line to publish: nothing but a host name will do.
  return secure && owner.toLowerCase() !== host.toLowerCase() && isHostName(owner) ? owner.toLowerCase() : undefined;
};

export const lookUpTlsa = async (
  resolver: Resolver,
  host: string,
  port: number,
  options: AskOptions,
): Promise<TlsaLookup> => {
  const unknown = (error: unknown): TlsaLookup => ({ kind: "unknown", why: (error as Error).message });
  const own = at(resolver, tlsaOwner(host, port), options).catch(unknown);
  const alias = await expanded(resolver, host, options).catch(() => undefined);
  const first = alias === undefined ? undefined : await at(resolver, tlsaOwner(alias, port), options).catch(unknown);
  return first?.kind === "found" && first.secure ? first : own;
};
