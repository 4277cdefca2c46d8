// Where a domain's mail and mail programs go: MX records (RFC 5321 §5.1, RFC 7505) and SRV records of a service (RFC 2782, RFC 6186).
import { foreignName } from "../domain/foreign-name.ts";
import { clean } from "../domain/text.ts";
import { canonicalOwner, recordsOf } from "./alias.ts";
import type { AskOptions, MxLookup, ServiceLookup, Unknown } from "./dns.ts";
import type { Reply, Resolver } from "./resolver.ts";

/** Senders look at no more. */
const mostRecords = 32;

/** To be compared and printed; whether it is a host name is another matter. The root alone is empty: it says "no mail" (RFC 7505). */
const nameOf = (text: string): string => foreignName(text.toLowerCase()).replace(/\.$/, "");

const unknown = (owner: string, error: unknown): Unknown => ({
  kind: "unknown",
  why: `${owner}: ${clean((error as Error).message, 200)}`,
});

const answered = ({ rcode }: Reply): boolean => rcode === "NOERROR" || rcode === "NXDOMAIN";

/** What a name is an alias of; undefined: of nothing, or nobody says. */
const aliasOf = async (resolver: Resolver, host: string, options: AskOptions): Promise<string | undefined> => {
  if (host === "") return undefined;
  const answers = await resolver.ask(host, "A", options).then(
    (reply) => reply.answers,
    () => [],
  );
  const owner = nameOf(canonicalOwner(host, answers));
  return owner === host ? undefined : owner;
};

export const lookUpMx = async (resolver: Resolver, domain: string, options: AskOptions): Promise<MxLookup> => {
  try {
    const reply = await resolver.ask(domain, "MX", options);
    if (!answered(reply)) return { kind: "unknown", why: `${domain}: ${reply.rcode}` };
    const { rcode, answers, secure } = reply;
    const found = recordsOf(domain, "MX", answers).slice(0, mostRecords);
    if (found.length === 0) return { kind: "none", exists: rcode === "NOERROR", secure };
    const records = await Promise.all(
      found.map(async ({ data: { preference, exchange } }) => {
        const host = nameOf(exchange);
        const alias = await aliasOf(resolver, host, options);
        return { preference: preference ?? 0, host, ...(alias === undefined ? {} : { alias }) };
      }),
    );
    return { kind: "found", records: records.toSorted((left, right) => left.preference - right.preference), secure };
  } catch (error) {
    return unknown(domain, error);
  }
};

export const lookUpService = async (resolver: Resolver, owner: string, options: AskOptions): Promise<ServiceLookup> => {
  try {
    const reply = await resolver.ask(owner, "SRV", options);
    if (!answered(reply)) return { kind: "unknown", why: `${owner}: ${reply.rcode}` };
    const found = recordsOf(owner, "SRV", reply.answers).slice(0, mostRecords);
    if (found.length === 0) return { kind: "none" };
    const records = await Promise.all(
      found.map(async ({ data: { priority = 0, weight = 0, port, target } }) => {
        const host = nameOf(target);
        const alias = await aliasOf(resolver, host, options);
        return { priority, weight, port, host, ...(alias === undefined ? {} : { alias }) };
      }),
    );
    return { kind: "found", records: records.toSorted((left, right) => left.priority - right.priority) };
  } catch (error) {
    return unknown(owner, error);
  }
};
