// The words of a stop for DNS's sake: what is published, what to publish, and the ways on.
import type { Ripening, WaitingRecord } from "../domain/dane-memory.ts";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { clean } from "../domain/text.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { type TlsaRecord, matchTlsa, tlsaFor, tlsaLine, tlsaOwner, tlsaText } from "../domain/tlsa.ts";
import type { AtServer, Pinned, Promised, Silent } from "./ask-dns.ts";
import type { Candidate } from "./candidate.ts";

export interface Ways {
  /** How to go on once DNS agrees: `run this again`. */
  readonly resume: string;
  /** How to stay with the key that is served now, where there is one. */
  readonly keep?: string;
  /** The key that is served now was given up as compromised: there is no staying with it. */
  readonly given?: boolean;
  /** How to go on all the same. */
  readonly force: string;
}

const mostShown = 8;

const few = (texts: readonly string[]): readonly string[] =>
  texts.length <= mostShown ? texts : [...texts.slice(0, mostShown), `(${texts.length - mostShown} more)`];

/** Full data can be as long as a certificate. */
const short = (record: TlsaRecord): string => {
  const text = tlsaText(record);
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
};

/** One for each owner and key that no record there names. */
export const missingRecords = ({ slots }: Candidate, broken: readonly Pinned[]): readonly WaitingRecord[] => {
  const keys = Object.values(slots).flatMap(({ spki }) => (spki ? [spki] : []));
  return broken.flatMap(({ owner, records }) =>
    keys
      .filter((spki) => matchTlsa(records, { spki }) !== "match")
      .map((spki) => ({ owner, record: tlsaFor(spki, records) })),
  );
};

const linesFor = (candidate: Candidate, broken: readonly Pinned[]): readonly string[] => [
  ...new Set(missingRecords(candidate, broken).map(({ owner, record }) => tlsaLine(owner, record))),
];

const whose = ({ name, port }: Pinned): string =>
  port === 25
    ? `mail servers that check DANE would hold back their mail for ${name} (port 25)`
    : `clients that check DANE would refuse ${name} on port ${port}`;

/** What is published for something else than `what`. */
const notFor = (what: string, broken: readonly Pinned[]): string => {
  const [first, ...others] = broken as readonly [Pinned, ...Pinned[]];
  const also = few(others.map(({ name, port }) => tlsaOwner(name, port)));
  return (
    `${whose(first)}: the DNSSEC-signed TLSA records at ${first.owner} are not for the ${what} that would be served` +
    `${also.length > 0 ? ` (nor are those at ${also.join(", ")})` : ""}; published: ${few(first.records.map(short)).join(", ")}`
  );
};

const factsOf = (broken: readonly Pinned[], publish: readonly string[]): Readonly<Record<string, unknown>> => ({
  code: "DANE",
  published: broken.slice(0, mostShown).map(({ owner, records }) => ({ owner, records: few(records.map(short)) })),
  publish,
});

/** `broken`: at least one. */
export const unpublished = (candidate: Candidate, broken: readonly Pinned[], ways: Ways): Failure => {
  const lines = linesFor(candidate, broken);
  return new Failure("config", notFor(candidate.chains ? "chain" : "key", broken), {
    hints: [
      ...(lines.length > 0
        ? [
            ...few(lines).map((line) => `publish, beside what is there: ${line}`),
            `once every name server has it, and two TTLs later (RFC 7671 §8.1), ${ways.resume}; the new key is kept until then`,
          ]
        : ["without --dry-run the key is made and kept, and the record to publish is shown"]),
      ...(ways.given
        ? [
            "until then the compromised key is still served; whoever must not wait goes on all the same and loses mail meanwhile",
          ]
        : [
            ways.keep === undefined
              ? `or take over the key that is served now: mailcert setup ${shellWord(candidate.names[0] ?? candidate.certificate)} --adopt-key FILE`
              : `or stay with the present key: ${ways.keep}`,
          ]),
      `or go on all the same: ${ways.force}`,
    ],
    facts: factsOf(broken, lines),
  });
};

/** The key is that of before. `broken`: at least one, which the present certificate satisfies. */
export const pinnedWhole = (candidate: Candidate, broken: readonly Pinned[], ways: Ways): Failure => {
  const lines = linesFor(candidate, broken);
  const usages = new Set(broken.flatMap(({ records }) => records.map(({ usage }) => usage)));
  return new Failure("config", notFor("certificate", broken), {
    hints: [
      "they pin more than the key: a whole certificate (3 0 x) changes with each renewal, a CA (2 x x) whenever another one signs",
      ...few(lines).map((line) => `publish, beside what is there, a record for the key, which stays: ${line}`),
      `once every name server has it, and two TTLs later (RFC 7671 §8.1), ${ways.resume}; the present certificate is served until then`,
      ...(usages.has(2) && candidate.issuer === "acme"
        ? [
            "or have the CA that the record names sign, where there is such a chain: preferred_chain in the configuration",
          ]
        : []),
      `or go on all the same: ${ways.force}`,
    ],
    facts: factsOf(broken, lines),
  });
};

/** `lagging`: at least one. */
export const behind = (candidate: Candidate, lagging: readonly AtServer[], ways: Ways): Failure => {
  const [first] = lagging as readonly [AtServer, ...AtServer[]];
  const servers = [...new Set(lagging.map(({ server }) => server))];
  return new Failure(
    "config",
    `${whose(first)}: the name server${servers.length > 1 ? "s" : ""} ${few(servers).join(", ")} still ${servers.length > 1 ? "have" : "has"} TLSA records at ${first.owner} that are not for the ${candidate.chains ? "chain" : "key"} that would be served (${few(first.records.map(short)).join(", ")})`,
    {
      hints: [
        `wait until every name server of the zone has the new record, and two TTLs longer (RFC 7671 §8.1); then ${ways.resume}`,
        "a server that does not follow: look at its zone transfers (NOTIFY, AXFR), or take it out of the zone's NS records",
        ...(ways.keep === undefined ? [] : [`or stay with the present key: ${ways.keep}`]),
        `or go on all the same: ${ways.force}`,
      ],
      facts: { code: "DANE", lagging: servers.slice(0, mostShown), owner: first.owner },
    },
  );
};

/** `first`: secure records were seen there on `seen`, and now nobody can say whether they fit. */
export const unheard = (
  candidate: Candidate,
  { name, port, why }: Silent,
  seen: string,
  retryAt: string,
  ways: Ways,
): Failure =>
  new Failure(
    "try-later",
    `nobody could say whether the TLSA records at ${tlsaOwner(name, port)}, which were there on ${utcMinute(new Date(seen))}, are for the key that would be served: ${clean(why, 300)}`,
    {
      hints: [
        `see this host's name servers (/etc/resolv.conf), and port 53 outward; once they answer, ${ways.resume}`,
        ...(ways.keep === undefined ? [] : [`or stay with the present key: ${ways.keep}`]),
        `or go on all the same: ${ways.force}`,
      ],
      facts: { code: "DANE", owner: tlsaOwner(name, port), certificate: candidate.certificate, retryAt },
    },
  );

export const unripe = ({ ttl, since, until }: Ripening, ways: Ways): Failure =>
  new Failure(
    "try-later",
    `the TLSA record of the new key is at every name server since ${utcMinute(new Date(since))}; the key is served from ${utcMinute(new Date(Date.parse(until) + 59_999))} on, two TTLs (of ${ttl} s) later: until then senders may remember the records without it (RFC 7671 §8.1)`,
    {
      hints: [`after that, ${ways.resume}`, `or go on at once, and let such senders wait: ${ways.force}`],
      facts: { code: "DANE", since, ttl, retryAt: until },
    },
  );

export const untrusted = (
  { issuer }: Candidate,
  { name, domain, policy }: Promised["sts"][number],
  { force }: Ways,
): Failure =>
  new Failure(
    "config",
    `the MTA-STS policy of ${domain} says "enforce" and lists ${name}: mail servers that follow it (Gmail does) would refuse a certificate from ${issuer} on port 25`,
    {
      hints: [
        "for a certificate that every mail server trusts: issuer: letsencrypt, email: YOU@DOMAIN, agree_tos: true (--issuer letsencrypt --email YOU@DOMAIN --agree-tos)",
        `or take the policy back first: "mode: none" with a new id, and wait until its max_age of ${policy.maxAge} s is over (RFC 8461 §8.3)`,
        `or go on all the same: ${force}`,
      ],
      facts: { code: "MTA-STS", domain, mode: policy.mode, mx: policy.mx.slice(0, mostShown) },
    },
  );
