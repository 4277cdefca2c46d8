// The addresses that DNS has for a name, as a CA looks them up: A and AAAA, and "it does not exist" apart from "nobody could say".
import { clean } from "../domain/text.ts";
import { recordsOf } from "./alias.ts";
import type { AddressLookup, AskOptions } from "./dns.ts";
import type { Resolver } from "./resolver.ts";

const mostAddresses = 32;

export const lookUpAddresses = async (
  resolver: Resolver,
  name: string,
  options: AskOptions,
): Promise<AddressLookup> => {
  try {
    const replies = await Promise.all(
      (["A", "AAAA"] as const).map(async (type) => {
        const { rcode, answers } = await resolver.ask(name, type, options);
        return { rcode, addresses: recordsOf(name, type, answers).map(({ data }) => data) };
      }),
    );
    const addresses = replies.flatMap((reply) => reply.addresses).slice(0, mostAddresses);
    if (addresses.length > 0) return { kind: "found", addresses };
    const trouble = replies.find(({ rcode }) => rcode !== "NOERROR" && rcode !== "NXDOMAIN");
    if (trouble) return { kind: "unknown", why: `${name}: ${trouble.rcode}` };
    return { kind: "none", exists: replies.every(({ rcode }) => rcode === "NOERROR") };
  } catch (error) {
    return { kind: "unknown", why: `${name}: ${clean((error as Error).message, 200)}` };
  }
};
