// The zone that a name is in, and its name servers with all their addresses: by climbing to the next SOA record, through this host's resolver.
import { isIP } from "node:net";
import { clean } from "../domain/text.ts";
import { recordsOf } from "./alias.ts";
import type { Zone, ZoneServer } from "./authoritative.ts";
import type { AskOptions, Unknown } from "./dns.ts";
import type { Reply, Resolver } from "./resolver.ts";

/** The root has 13; nobody has more than this. */
const mostServers = 20;
const mostAddresses = 10;

/** As names are compared and shown here: lower case, no dot at the end. */
export const plain = (name: string): string => name.toLowerCase().replace(/\.$/, "");

const unknown = (why: string): Unknown => ({ kind: "unknown", why });

const addressesOf = async (resolver: Resolver, name: string, options: AskOptions): Promise<readonly string[]> => {
  const found = await Promise.all(
    (["A", "AAAA"] as const).map(async (type) => {
      // A server whose address nobody can say is shown as one without an address; the others are asked.
      const { answers } = await resolver.ask(name, type, options).catch(() => ({ answers: [] }));
      return recordsOf(name, type, answers).map(({ data }) => String(data));
    }),
  );
  return [...new Set(found.flat())].filter((address) => isIP(address) !== 0).slice(0, mostAddresses);
};

const serversOf = async (
  resolver: Resolver,
  apex: string,
  options: AskOptions,
): Promise<readonly ZoneServer[] | Unknown> => {
  const { rcode, answers } = await resolver.ask(apex, "NS", options);
  if (rcode !== "NOERROR") return unknown(`${apex} NS: ${rcode}`);
  const names = [...new Set(recordsOf(apex, "NS", answers).map(({ data }) => plain(String(data))))];
  if (names.length === 0) return unknown(`${apex} has no name servers`);
  return Promise.all(
    names.slice(0, mostServers).map(async (name) => ({
      // It is asked for as it is, and shown: whoever has the zone may put anything into a name.
      name: clean(name, 253),
      addresses: await addressesOf(resolver, name, options),
    })),
  );
};

const holdsSoa = ({ answers }: Reply, name: string): boolean =>
  answers.some((answer) => answer.type === "SOA" && plain(answer.name) === name);

export const findZone = async (resolver: Resolver, name: string, options: AskOptions): Promise<Zone | Unknown> => {
  const labels = plain(name).split(".");
  try {
    // Not above the top-level domain: the root is nobody's zone here.
    for (let depth = 0; depth < labels.length; depth += 1) {
      const apex = labels.slice(depth).join(".");
      const reply = await resolver.ask(apex, "SOA", options);
      if (reply.rcode !== "NOERROR" && reply.rcode !== "NXDOMAIN") return unknown(`${apex} SOA: ${reply.rcode}`);
      if (!holdsSoa(reply, apex)) continue;
      const servers = await serversOf(resolver, apex, options);
      return "kind" in servers ? servers : { kind: "zone", apex, servers };
    }
  } catch (error) {
    return unknown(`the zone of ${name}: ${(error as Error).message}`);
  }
  return unknown(`no zone that holds ${name} can be found`);
};
