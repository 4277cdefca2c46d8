// The seam of the DNS room: what others ask about a name, with "not there" and "nobody could say" kept apart.
import type { CaaRecord } from "../domain/caa.ts";
import type { StsPolicy } from "../domain/mta-sts.ts";
import type { TlsaRecord } from "../domain/tlsa.ts";
import type { Authoritative } from "./authoritative.ts";

export interface AskOptions {
  /** From the call to the answer, every server and retry included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Nobody could say: no network, no answer in time, SERVFAIL. Never to be taken for "not there". */
export interface Unknown {
  readonly kind: "unknown";
  /** One phrase. */
  readonly why: string;
}

export type TlsaLookup =
  | {
      readonly kind: "found";
      /** Where the records stand: after the host's own aliases, before those of the record's name (RFC 7672 §2.2.2). */
      readonly owner: string;
      readonly records: readonly TlsaRecord[];
      /** Validated by DNSSEC, said by a resolver whose word counts. Senders ignore the records where it is false. */
      readonly secure: boolean;
    }
  | { readonly kind: "none" }
  | (Unknown & { readonly failed?: FailedTlsa });

/** SERVFAIL for the records, or no answer in time, though the host's address was answered. */
export interface FailedTlsa {
  readonly owner: string;
  /** No answer in time. */
  readonly silent?: true;
  /** DNSSEC vouches for the address, so that senders that check DANE ask (RFC 7672 §2.2.2). */
  readonly signed: boolean;
}

/** One address of one authoritative server. */
export interface ServerTlsa {
  /** `ns1.example.org (192.0.2.1)` */
  readonly server: string;
  readonly records: readonly TlsaRecord[];
  /** Of the record set, in seconds; 0 where there is none. */
  readonly ttl: number;
}

/** `why`: there is a record or a text, and senders find no policy in it. `mediaType`: not text/plain (RFC 8461 §3.3). */
export type StsLookup =
  | { readonly kind: "found"; readonly policy: StsPolicy; readonly mediaType?: string }
  | { readonly kind: "none"; readonly why?: string }
  | Unknown;

export interface MxRecord {
  readonly preference: number;
  /** Lower case, no dot at the end, as published: may be an address, or no name at all. Empty: "." (RFC 7505). */
  readonly host: string;
  /** The host is an alias (CNAME) of this, which it must not be (RFC 2181 §10.3). */
  readonly alias?: string;
}

/** `found`: by preference. `exists`: the domain has records of other types. */
export type MxLookup =
  | { readonly kind: "found"; readonly records: readonly MxRecord[]; readonly secure: boolean }
  | { readonly kind: "none"; readonly exists: boolean; readonly secure: boolean }
  | Unknown;

export interface ServiceRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** As in MxRecord; empty: "." for a service that is not offered (RFC 2782). */
  readonly host: string;
  readonly alias?: string;
}

/** `found`: by priority. */
export type ServiceLookup =
  { readonly kind: "found"; readonly records: readonly ServiceRecord[] } | { readonly kind: "none" } | Unknown;

/** `blocked`: the resolver said SERVFAIL for `owner`, which a CA has to take for a no. */
export type CaaLookup =
  | { readonly kind: "found"; readonly owner: string; readonly records: readonly CaaRecord[] }
  | { readonly kind: "none" }
  | { readonly kind: "blocked"; readonly owner: string; readonly why: string }
  | Unknown;

/** `exists`: there are records of other types at the name. `unconfirmed`: so says this host's resolver alone, because none of the zone's own servers could be asked. */
export type AddressLookup =
  | { readonly kind: "found"; readonly addresses: readonly string[] }
  | { readonly kind: "none"; readonly exists: boolean; readonly unconfirmed?: true }
  | Unknown;

/**
 * - MUST NOT reject; MUST end within `timeoutMs`, and at once where there is no network.
 * - MUST NOT call an answer secure on the word of a resolver that anybody on the way could have changed.
 */
export interface Dns {
  /** TLSA records at `owner` as each authoritative server has them, in no particular order; a server that said nothing is not there. */
  tlsaEverywhere(owner: string, options: AskOptions): Promise<readonly ServerTlsa[]>;
  tlsa(host: string, port: number, options: AskOptions): Promise<TlsaLookup>;
  mtaSts(domain: string, options: AskOptions): Promise<StsLookup>;
  mx(domain: string, options: AskOptions): Promise<MxLookup>;
  /** SRV records at `owner` (`_imaps._tcp.example.org`). */
  service(owner: string, options: AskOptions): Promise<ServiceLookup>;
  /** The relevant record set of RFC 8659 §3; a wildcard is looked up as the domain below its star. */
  caa(name: string, options: AskOptions): Promise<CaaLookup>;
  /** The CAA records at `owner` itself, as each authoritative server has them; empty where none could be asked. */
  caaEverywhere(owner: string, options: AskOptions): Promise<readonly (readonly CaaRecord[])[]>;
  /** `none` only where neither this host's resolver, its own host table, nor any authoritative server that answers knows an address. */
  addresses(name: string, options: AskOptions): Promise<AddressLookup>;
  readonly authoritative: Authoritative;
}
