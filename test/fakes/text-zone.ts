// A zone of TXT values at several name servers, its updater, and a clock that only sleeping moves: for the challenges that live in DNS.
import { randomBytes } from "node:crypto";
import type { ChallengeDeps, ConfiguredUpdater } from "../../src/challenges/challenge.ts";
import type { JournalEntry } from "../../src/challenges/journal.ts";
import type { Authoritative, ServerReply } from "../../src/dns/authoritative.ts";
import type { TxtRecord } from "../../src/dns/updaters/updater.ts";

export interface FakeServer {
  readonly server: string;
  readonly address: string;
  /** Milliseconds after which it shows a change; Infinity: never. */
  readonly lag: number;
  /** Instead of answering. */
  readonly failed?: { readonly why: string; readonly noWay: boolean };
}

export interface TextZone {
  readonly deps: ChallengeDeps;
  readonly servers: FakeServer[];
  readonly aliases: Map<string, string>;
  /** At the primary, with the time of the change. */
  readonly values: Map<string, { readonly value: string; readonly since: number }[]>;
  readonly changes: string[];
  readonly steps: string[];
  readonly notes: string[];
  readonly journal: JournalEntry[];
  /** What was told to be published for good. */
  readonly standing: string[];
  readonly clock: { now: number };
  /** Thrown by the next changes. */
  trouble: Error | undefined;
  /** Thrown instead of an updater. */
  noUpdater: Error | undefined;
  /** A later run on the same host. */
  again(): ChallengeDeps;
}

export const textZone = (names: readonly string[] = ["mail.example.org"]): TextZone => {
  const zone: TextZone = {
    servers: [{ server: "ns1.example.org", address: "192.0.2.1", lag: 0 }],
    aliases: new Map(),
    values: new Map(),
    changes: [],
    steps: [],
    notes: [],
    journal: [],
    standing: [],
    clock: { now: 0 },
    trouble: undefined,
    noUpdater: undefined,
    again: () => depsOf(),
    get deps() {
      return first;
    },
  };
  const end = (name: string): string => zone.aliases.get(name) ?? name;
  const reply = ({ lag, failed, ...seat }: FakeServer, name: string): ServerReply<"TXT"> => {
    if (failed) return { ...seat, kind: "failed", ...failed };
    const seen = (zone.values.get(name) ?? []).filter(({ since }) => since + lag <= zone.clock.now);
    const records = seen.map(({ value: data }) => ({ type: "TXT" as const, name, data: [Buffer.from(data)] }));
    return { ...seat, kind: "answered", records, answers: records };
  };
  const authority = {
    zoneOf: () => Promise.reject(new Error("not asked for")),
    follow: async (name) => {
      if (name.includes("nowhere")) return { kind: "unknown", why: "no zone" };
      const aliases = zone.aliases.has(name) ? [name] : [];
      return {
        kind: "destination",
        owner: end(name),
        zone: { kind: "zone", apex: "example.org", servers: [] },
        aliases,
      };
    },
    askAll: async (name: string) => {
      if (name.includes("nowhere")) return { kind: "unknown", why: "no zone" };
      return {
        kind: "asked",
        owner: end(name),
        zone: "example.org",
        replies: zone.servers.map((one) => reply(one, end(name))),
      };
    },
  } as Authoritative;
  const change = (how: "add" | "remove") => async (record: TxtRecord) => {
    if (zone.trouble) throw zone.trouble;
    zone.changes.push(`${how} ${record.name} in ${record.zone}`);
    const others = (zone.values.get(record.name) ?? []).filter(({ value }) => value !== record.value);
    const added = how === "add" ? [{ value: record.value, since: zone.clock.now }] : [];
    zone.values.set(record.name, [...others, ...added]);
  };
  const updater: ConfiguredUpdater = { add: change("add"), remove: change("remove"), propagationMs: 120_000 };
  const depsOf = (): ChallengeDeps => ({
    random: (size) => randomBytes(size),
    authoritative: async () => authority,
    updater: async () => {
      if (zone.noUpdater) throw zone.noUpdater;
      return updater;
    },
    journal: {
      note: async (entry) => void zone.journal.push(entry),
      forget: async (entry) => {
        const at = zone.journal.findIndex((one) => JSON.stringify(one) === JSON.stringify(entry));
        if (at >= 0) zone.journal.splice(at, 1);
      },
      left: async (type) => zone.journal.filter((one) => one.type === type).map(({ what }) => what),
    },
    now: () => new Date(Date.parse("2026-11-20T12:00:00Z") + zone.clock.now),
    elapsed: () => zone.clock.now,
    sleep: async (ms) => void (zone.clock.now += ms),
    step: (what) => void zone.steps.push(what),
    note: (sentence) => void zone.notes.push(sentence),
    accountUrl: "https://ca.example/acct/1",
    caaIdentities: [],
    names,
    standing: async ({ record, zone: apex }) => void zone.standing.push(`${apex}: ${record}`),
  });
  const first = depsOf();
  return zone;
};
