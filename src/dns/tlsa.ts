// TLSA records of a mail host as a sender looks them up (RFC 7672 §2.2.2): at the end of the host's aliases first, then at its own name.
import { type TlsaRecord, tlsaOwner } from "../domain/tlsa.ts";
import { canonicalOwner, recordsOf } from "./alias.ts";
import type { Authoritative, RecordOf } from "./authoritative.ts";
import type { AskOptions, FailedTlsa, ServerTlsa, TlsaLookup } from "./dns.ts";
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
  if (rcode !== "NOERROR" && rcode !== "NXDOMAIN")
    return {
      kind: "unknown",
      why: `${owner}: ${rcode}`,
      ...(rcode === "SERVFAIL" ? { failed: { owner, signed: false } } : {}),
    };
  const found = recordsOf(owner, "TLSA", answers).slice(0, mostRecords);
  if (found.length === 0) return { kind: "none" };
  return { kind: "found", owner, records: found.map(recordOf), secure };
};

const isHostName = (name: string): boolean => name.length <= 253 && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(name);

interface HostAnswer {
  /** Where a secure alias leads; absent where the host is none. */
  readonly alias?: string;
  readonly signed: boolean;
}

/** undefined: nobody answered for the host itself, or it is not there. */
const askHost = async (resolver: Resolver, host: string, options: AskOptions): Promise<HostAnswer | undefined> => {
  const { rcode, answers, secure } = await resolver.ask(host, "A", options);
  if (rcode !== "NOERROR") return undefined;
  const owner = canonicalOwner(host, answers);
  // The name is printed as a line to publish: nothing but a host name will do.
  const alias = secure && owner.toLowerCase() !== host.toLowerCase() && isHostName(owner);
  return { signed: secure, ...(alias ? { alias: owner.toLowerCase() } : {}) };
};

/** Where the host itself is not answered for either, TLSA is the least of it. */
const withHost = (lookup: TlsaLookup, answer: HostAnswer | undefined): TlsaLookup => {
  if (lookup.kind !== "unknown" || lookup.failed === undefined) return lookup;
  const { kind, why, failed } = lookup;
  const told: FailedTlsa | undefined = answer && { ...failed, signed: answer.signed };
  return { kind, why, ...(told ? { failed: told } : {}) };
};

export const lookUpTlsa = async (
  resolver: Resolver,
  host: string,
  port: number,
  options: AskOptions,
): Promise<TlsaLookup> => {
  const ask = (owner: string): Promise<TlsaLookup> =>
    at(resolver, owner, options).catch((error: unknown) => ({
      kind: "unknown",
      why: (error as Error).message,
      failed: { owner, signed: false, silent: true },
    }));
  const own = ask(tlsaOwner(host, port));
  const answer = await askHost(resolver, host, options).catch(() => undefined);
  const alias = answer?.alias;
  const first = alias === undefined ? undefined : await ask(tlsaOwner(alias, port));
  if (first?.kind === "found" && first.secure) return first;
  const last = await own;
  // A sender that gets no answer at the alias does not go on to the name (RFC 7672 §2.1.1, §2.2.2).
  const failing = first?.kind === "unknown" && first.failed !== undefined && last.kind === "none" ? first : last;
  return withHost(failing, answer);
};
