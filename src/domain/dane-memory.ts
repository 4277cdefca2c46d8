// What is remembered of secure TLSA records: where they were seen, so that silence is not taken for their absence, and which key waits for its record since when.
import type { CertificateState } from "../store/store.ts";
import { generationOf } from "./generation.ts";
import { isRetired } from "./revocation.ts";
import type { TlsaRecord } from "./tlsa.ts";

export interface WaitingRecord {
  readonly owner: string;
  readonly record: TlsaRecord;
}

/** A change that waits for DNS. */
export interface DaneHold {
  /** ISO date of the run that was held the last time. */
  readonly at: string;
  readonly message: string;
  readonly hints: readonly string[];
  /** SHA-256 of each key's SubjectPublicKeyInfo, hex. */
  readonly keys: readonly string[];
  readonly names: readonly string[];
  /** The key stays; the certificate around it waits. */
  readonly certificate?: true;
  /** The records that are to be published. */
  readonly publish: readonly WaitingRecord[];
  /** The largest TTL that name servers gave to their records since it waits; seconds. */
  readonly ttl?: number;
  /** ISO date since which every name server that answers has the record. */
  readonly since?: string;
  /** ISO date from which on it may be served: two TTLs after `since`. */
  readonly until?: string;
}

export interface DaneMemory {
  /** By the owner that was asked for (`_25._tcp.mail.example.org`): ISO date at which secure records were seen there the last time. */
  readonly seen: Readonly<Record<string, string>>;
  readonly held?: DaneHold;
}

/** What DNS said just now. `silent`: owners about which nobody could say anything. */
export interface DaneAnswers {
  readonly secure: readonly string[];
  readonly silent: readonly string[];
  readonly asked: readonly string[];
}

/** An answer without secure records is believed; silence changes nothing. */
export const withAnswers = (
  memory: DaneMemory | undefined,
  { secure, silent, asked }: DaneAnswers,
  now: Date,
): DaneMemory | undefined => {
  const before = Object.entries(memory?.seen ?? {});
  const kept = before.filter(([owner]) => !asked.includes(owner) || silent.includes(owner));
  const seen = Object.fromEntries([...kept, ...secure.map((owner) => [owner, now.toISOString()] as const)]);
  const { held } = memory ?? {};
  return Object.keys(seen).length === 0 && held === undefined ? undefined : { seen, ...(held ? { held } : {}) };
};

/** Resolvers keep nothing longer than a week (BIND's max-cache-ttl; Unbound's is a day). */
const longestTtl = 604_800;

/** Where the servers of a zone cannot be asked themselves, nobody says the whole TTL: what most zones have. */
export const usualTtl = 3_600;

export interface Ripening {
  readonly ttl: number;
  readonly since: string;
  readonly until: string;
}

/** Two TTLs after the record was first seen everywhere, senders' resolvers have forgotten the set without it (RFC 7671 §8.1). */
export const ripening = (held: Pick<DaneHold, "ttl" | "since">, ttls: readonly number[], now: Date): Ripening => {
  const ttl = Math.min(longestTtl, Math.max(0, held.ttl ?? 0, ...ttls));
  const before = Date.parse(held.since ?? "");
  // What lies ahead was written by a clock that ran ahead.
  const since = before <= now.getTime() ? before : now.getTime();
  return {
    ttl,
    since: new Date(since).toISOString(),
    until: new Date(since + 2 * ttl * 1_000).toISOString(),
  };
};

/** The change that waits still: not where it is served meanwhile, or its key was given up. */
export const waitingHold = (state: CertificateState, liveNumber: number | undefined): DaneHold | undefined => {
  const held = state.dane?.held;
  if (!held || held.keys.some((key) => isRetired(state, key))) return undefined;
  const live = generationOf(state, liveNumber);
  const leaves = Object.values(live?.leaves ?? {}).map(({ spkiSha256 }) => spkiSha256);
  // A certificate that waits is staged.
  const served =
    held.keys.every((key) => leaves.includes(key)) &&
    held.names.every((name) => live?.names.includes(name)) &&
    (held.certificate !== true || state.target === liveNumber);
  return served ? undefined : held;
};
