// The seam for authoritative look-ups: the name servers of a name's own zone, each asked directly at each of its addresses.
import type { Answer } from "dns-packet";
import type { AskOptions, Unknown } from "./dns.ts";

/** One name server of a zone. */
export interface ZoneServer {
  /** As its NS record names it: lower case, no dot at the end. */
  readonly name: string;
  /** Every IPv4 and IPv6 address; empty where the name has none. */
  readonly addresses: readonly string[];
}

export interface Zone {
  readonly kind: "zone";
  /** The name that holds the SOA record: lower case, no dot at the end. */
  readonly apex: string;
  /** At least one. */
  readonly servers: readonly ZoneServer[];
}

/** Types of which dns-packet says what is in them. */
export type KnownType = Answer["type"];
export type RecordOf<Type extends KnownType> = Answer & { readonly type: Type };

interface Asked {
  /** The name server. */
  readonly server: string;
  /** The address it was asked at; absent where its name has none. */
  readonly address?: string;
}

/** What one address of one name server said. */
export type ServerReply<Type extends KnownType> = Asked &
  (
    | {
        /** With authority (AA), and no error of its own: NOERROR or NXDOMAIN. */
        readonly kind: "answered";
        /** Those of the type asked for, at the owner; none is "not there". */
        readonly records: readonly RecordOf<Type>[];
        /** The whole answer section: RRSIG records too. */
        readonly answers: readonly Answer[];
      }
    | {
        /** Silent, refused, lame, broken off: it said nothing that counts. */
        readonly kind: "failed";
        /** One phrase. */
        readonly why: string;
        /** This host has no way to such an address at all (no IPv6 here): that says nothing about the server. */
        readonly noWay: boolean;
      }
  );

/** Every address of every name server of the zone was asked. */
export interface Everywhere<Type extends KnownType> {
  readonly kind: "asked";
  /** Where the records stand or would stand: after every CNAME from the name asked for. */
  readonly owner: string;
  /** The apex of the zone that holds `owner`. */
  readonly zone: string;
  /** One for each address, in no particular order; at least one. */
  readonly replies: readonly ServerReply<Type>[];
}

/** Where a name leads, as authoritative servers say. */
export interface Destination {
  readonly kind: "destination";
  readonly owner: string;
  readonly zone: Zone;
  /** The names that were aliases, the first one asked for; empty where it was none. */
  readonly aliases: readonly string[];
}

/**
 * - MUST NOT reject; MUST end within `timeoutMs`.
 * - Where a zone is and which servers it has comes from this host's resolver; an answer itself never does.
 * - Questions go without recursion (RD=0), over UDP, then over TCP; answers are matched by id, question and source.
 * - A chain of CNAMEs is followed from zone to zone, eight at most; a circle is `unknown`.
 */
export interface Authoritative {
  /** The zone that `name` is in (it may be its apex). */
  zoneOf(name: string, options: AskOptions): Promise<Zone | Unknown>;
  follow(name: string, options: AskOptions): Promise<Destination | Unknown>;
  /** Follows `name`, then asks each address. */
  askAll<Type extends KnownType>(name: string, type: Type, options: AskOptions): Promise<Everywhere<Type> | Unknown>;
}
