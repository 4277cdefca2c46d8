// The addresses that a name has, as a CA looks them up: A and AAAA, and "it does not exist" apart from "nobody could say".
import { clean } from "../domain/text.ts";
import { recordsOf } from "./alias.ts";
import type { Authoritative } from "./authoritative.ts";
import type { AddressLookup, AskOptions } from "./dns.ts";
import type { Reply, Resolver } from "./resolver.ts";

const mostAddresses = 32;
const types = ["A", "AAAA"] as const;

export interface AddressSources {
  readonly resolver: Resolver;
  readonly authoritative: Pick<Authoritative, "askAll">;
  /** What this host's programs find (getaddrinfo: /etc/hosts, mDNS, ...); empty where they find nothing. */
  readonly ownLookUp?: (name: string, timeoutMs: number) => Promise<readonly string[]>;
  readonly ticks: () => number;
}

const isAddress = ({ type }: Reply["answers"][number]): boolean => type === "A" || type === "AAAA";

const asResolved = async (resolver: Resolver, name: string, options: AskOptions): Promise<AddressLookup> => {
  const replies = await Promise.allSettled(types.map((type) => resolver.ask(name, type, options)));
  const said = replies.flatMap((reply) => (reply.status === "fulfilled" ? [reply.value] : []));
  const addresses = types
    .flatMap((type) => said.flatMap(({ answers }) => recordsOf(name, type, answers).map(({ data }) => data)))
    .slice(0, mostAddresses);
  if (addresses.length > 0) return { kind: "found", addresses };
  const silent = replies.find((reply) => reply.status === "rejected");
  if (silent) return { kind: "unknown", why: `${name}: ${clean((silent.reason as Error).message, 200)}` };
  const trouble = said.find(({ rcode }) => rcode !== "NOERROR" && rcode !== "NXDOMAIN");
  if (trouble) return { kind: "unknown", why: `${name}: ${trouble.rcode}` };
  // Behind more aliases than are followed here, a CA may find them.
  if (said.some(({ answers }) => answers.some(isAddress)))
    return { kind: "unknown", why: `${name}: the answer is for another name` };
  return { kind: "none", exists: said.every(({ rcode }) => rcode === "NOERROR") };
};

interface Published {
  readonly addresses: readonly string[];
  /** Some authoritative server answered for each type. */
  readonly said: boolean;
}

/** A resolver remembers for hours that a name was not there, and may be told otherwise than the world (split horizon). */
const asPublished = async (
  { authoritative }: AddressSources,
  name: string,
  options: AskOptions,
): Promise<Published> => {
  const asked = await Promise.all(types.map((type) => authoritative.askAll(name, type, options)));
  const answered = asked.map((one) =>
    one.kind === "unknown" ? [] : one.replies.flatMap((reply) => (reply.kind === "answered" ? [reply.records] : [])),
  );
  const found = answered.flat(2).map(({ data }) => data);
  return {
    addresses: [...new Set(found)].slice(0, mostAddresses),
    said: answered.every((replies) => replies.length > 0),
  };
};

export const lookUpAddresses = async (
  sources: AddressSources,
  name: string,
  options: AskOptions,
): Promise<AddressLookup> => {
  const { resolver, ownLookUp, ticks } = sources;
  const until = ticks() + options.timeoutMs;
  const lookup = await asResolved(resolver, name, options);
  if (lookup.kind !== "none") return lookup;
  const timeoutMs = Math.max(1, until - ticks());
  const [published, own] = await Promise.all([
    asPublished(sources, name, { ...options, timeoutMs }),
    ownLookUp?.(name, timeoutMs) ?? [],
  ]);
  const addresses = published.addresses.length > 0 ? published.addresses : own;
  if (addresses.length > 0) return { kind: "found", addresses };
  return published.said ? lookup : { ...lookup, unconfirmed: true };
};
