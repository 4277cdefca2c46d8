// All ports of one name serve the same leaf for each kind of key: "renewed, but one port still has the old one" is the classic.
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { askedName } from "../domain/probe-host.ts";
import type { EntryFacts, RunCheck } from "./check.ts";
import { portOf, say } from "./finding.ts";

const base = {
  id: "cert-same",
  summary: "all ports of a name serve the same leaf for each kind of key",
  clients:
    "Reading mail works and sending does not, or the other way round, since the two show different certificates.",
  servers:
    "One of the servers was not reloaded, or has a certificate of its own: `mailcert deploy` points all of them at the same one.",
  reference: "RFC 9325 §3.9",
  severity: { mta: "warning", mua: "fault", internal: "warning" },
} as const;

const keyKind = (facts: EntryFacts): string => `${facts.observation.entry.host} ${facts.chain[0]?.key.type}`;

const minute = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

/** CAs set the start back by up to an hour, each time by the same: the order stays that of issue. */
const startOf = (group: readonly EntryFacts[]): number => group[0]?.chain[0]?.notBefore.getTime() ?? 0;

const describe = (sha256: string, group: readonly EntryFacts[], newest: number): string => {
  const leaf = group[0]?.chain[0];
  if (!leaf) return "";
  const ports = [...new Set(group.map(({ observation }) => portOf(observation.entry)))].join(", ");
  const old = startOf(group) < newest ? " (older)" : "";
  return `${sha256.slice(0, 16)}…${old} from ${minute(leaf.notBefore)} until ${minute(leaf.notAfter)} UTC on ${ports}`;
};

const compare = (group: readonly EntryFacts[]): readonly Finding[] => {
  const leaves = [...groupBy(group, ({ chain }) => chain[0]?.sha256 ?? "")];
  if (leaves.length < 2) return [];
  // Port 25 alone being different hurts no person's client.
  const forPeople = new Set(group.filter(({ role }) => role === "mua").map(({ chain }) => chain[0]?.sha256));
  leaves.sort(([, left], [, right]) => right.length - left.length);
  const newest = Math.max(...leaves.map(([, facts]) => startOf(facts)));
  const shown = leaves.slice(0, 4).map(([sha256, facts]) => describe(sha256, facts, newest));
  const host = askedName(group[0]?.observation.entry.host ?? "");
  return say(base, forPeople.size > 1 ? "mua" : "mta", {
    message: `${host} serves ${leaves.length} different certificates: ${shown.join("; ")}${leaves.length > 4 ? "; ..." : ""}`,
    hint: "a server that was not reloaded after a renewal still has the old one (`doveadm reload`, `postfix reload`), or one of them is configured with its own: `doveconf -n | grep ssl`, `postconf -n | grep tls`, `postconf -P | grep tls`",
  });
};

const words: Readonly<Record<string, string>> = { ec: "ECDSA", rsa: "RSA" };

const typeOf = ({ chain }: EntryFacts): string => chain[0]?.key.type ?? "";

/** Protocol, mode and port at one address. */
const placeOf = ({ observation: { entry, address } }: EntryFacts): string =>
  JSON.stringify([entry.protocol, entry.mode, entry.port, address]);

/**
 * Each port has one kind of key, and not all the same: renewed with another kind, and one of them still has the old one.
 * Where one has both, cert-dual speaks.
 */
const ofKinds = (group: readonly EntryFacts[]): readonly Finding[] => {
  const places = [...groupBy(group, placeOf).values()];
  if (places.some((place) => new Set(place.map(typeOf)).size > 1)) return [];
  const kinds = [...groupBy(group, typeOf)];
  if (kinds.length < 2) return [];
  // Without --full each was asked once, in the same way; a server with both kinds may still have chosen.
  const sure = group.every(({ onlyKind }) => onlyKind === true);
  const people = kinds.filter(([, facts]) => facts.some(({ role }) => role === "mua")).length > 1;
  const shown = kinds.map(([kind, facts]) => {
    const ports = [...new Set(facts.map(({ observation }) => portOf(observation.entry)))].join(", ");
    return `one for ${words[kind] ?? kind} on ${ports}`;
  });
  return say(base, people ? "mua" : "mta", {
    ...(sure ? {} : { severity: people ? ("warning" as const) : ("info" as const) }),
    message: `${askedName(group[0]?.observation.entry.host ?? "")} serves certificates of different kinds: ${shown.join("; ")}`,
    hint: sure
      ? "none of them has both: one was not reloaded after a renewal with another kind of key (`doveadm reload`, `postfix reload`), or has files of its own: `mailcert deploy` points all of them at the same ones"
      : "`mailcert verify HOST --full` asks each for both kinds; most often one was not reloaded after a renewal with another kind of key (`doveadm reload`, `postfix reload`)",
  });
};

export const certSame: RunCheck = {
  ...base,
  scope: "run",
  judge: (all) => {
    const served = all.filter(({ chain }) => chain.length > 0);
    const hosts = groupBy(served, ({ observation }) => observation.entry.host);
    return [...[...groupBy(served, keyKind).values()].flatMap(compare), ...[...hosts.values()].flatMap(ofKinds)];
  },
};
