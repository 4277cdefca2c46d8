// dns show: the records to publish for what is served, with what each one does.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { type DnsRecord, type RecordTopic, caaToPublish, tlsaToPublish } from "../domain/dns-record.ts";
import { isWildcard } from "../domain/names.ts";
import { serviceRecords } from "../domain/srv-records.ts";
import { type StsToPublish, reportsToPublish, stsToPublish } from "../domain/sts-records.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { keyRecord, tlsaFor, tlsaOwner } from "../domain/tlsa.ts";
import { readFields } from "../domain/certificate-fields.ts";
import { type AskedCa, type DnsFacts, dnsFacts, hostless } from "./dns-facts.ts";
import type { World } from "./world.ts";

/** Records that belong together, or the reason why there are none. */
export interface RecordGroup {
  readonly topic: RecordTopic;
  readonly records: readonly DnsRecord[];
  /** What they do, and what to mind; sentences. */
  readonly notes: readonly string[];
  /** A text to be served beside them. */
  readonly policy?: StsToPublish;
}

export interface DnsToPublish {
  readonly name: string;
  readonly groups: readonly RecordGroup[];
}

/** Those of a key that waits for them; by the usual kind of record where nobody could say which are needed. */
const waitingRecords = ({ hosts, held }: DnsFacts): readonly DnsRecord[] => {
  if (!held) return [];
  const usual = hosts.flatMap((host) =>
    held.keys.map((data) => ({ owner: tlsaOwner(host, 25), record: keyRecord(data) })),
  );
  return (held.publish.length > 0 ? held.publish : usual).map(({ owner, record }) => tlsaToPublish(owner, record));
};

const waitingNote = ({ held }: DnsFacts): readonly string[] => {
  if (!held) return [];
  const [record] = held.keys;
  const until = held.until === undefined ? "" : ` It is served from ${utcMinute(held.until)} on.`;
  return [
    `A new key (${(record ?? "").slice(0, 16)}...) waits for its record, to be published beside the present one.${until}`,
  ];
};

const dane = (facts: DnsFacts): RecordGroup => ({ ...served(facts), ...beside(facts) });

const beside = (facts: DnsFacts): Partial<RecordGroup> => {
  const present = served(facts);
  const lines = present.records.map(({ owner, data }) => `${owner} ${data}`);
  const more = waitingRecords(facts).filter(({ owner, data }) => !lines.includes(`${owner} ${data}`));
  return more.length === 0
    ? {}
    : { records: [...present.records, ...more], notes: [...present.notes, ...waitingNote(facts)] };
};

const served = ({ hosts, live }: DnsFacts): RecordGroup => ({
  topic: "dane",
  records: hosts.flatMap((host) =>
    live.map(({ leaf }) => tlsaToPublish(tlsaOwner(host, 25), tlsaFor(readFields(leaf.der).spki))),
  ),
  notes:
    live.length === 0
      ? ["nothing is live yet: these records name the key that is served"]
      : [
          "They bind other mail servers to this key (DANE, RFC 7672); only in a zone that is signed with DNSSEC.",
          "Renewals keep the key. A new one waits until its record has been at every name server for two TTLs.",
        ],
});

const valueFor = (identity: string, account: string | undefined): string =>
  account === undefined ? identity : `${identity}; accounturi=${account}`;

/** Each name by itself: the closest record set to a name is the only one that counts (RFC 8659 §3). */
const caaRecords = (names: readonly string[], values: readonly string[]): readonly DnsRecord[] => {
  const plain = names.filter((name) => !isWildcard(name));
  const stars = names.filter(isWildcard).map((name) => name.slice(2));
  const wild = (owner: string): readonly string[] => (stars.includes(owner) ? values : [";"]);
  return [
    ...plain.flatMap((owner) => [
      ...values.map((value) => caaToPublish(owner, "issue", value)),
      ...wild(owner).map((value) => caaToPublish(owner, "issuewild", value)),
    ]),
    ...stars
      .filter((owner) => !plain.includes(owner))
      .flatMap((owner) => values.map((value) => caaToPublish(owner, "issuewild", value))),
  ];
};

const unnamed = ({ title, trouble }: AskedCa): string =>
  trouble === undefined
    ? `${title} does not say which name it has in CAA records: it does not look at them, or its documents say it.`
    : `${title} could not be asked for its name in CAA records: ${trouble}.`;

const caa = ({ hosts, names, cas }: DnsFacts): RecordGroup => {
  const known = cas.flatMap(({ title, facts }) =>
    facts.identities.slice(0, 1).map((identity) => ({ title, value: valueFor(identity, facts.account) })),
  );
  const own = new Set([...hosts, ...names.filter(isWildcard)]);
  const records = caaRecords([...own], [...new Set(known.map(({ value }) => value))]);
  const notes = cas.filter(({ facts }) => facts.identities.length === 0).map(unnamed);
  if (cas.length === 0)
    return { topic: "caa", records: [], notes: ["Only public CAs look at CAA records: this issuer is none."] };
  return {
    topic: "caa",
    records: known.length === 0 ? [] : records,
    notes: [
      ...(known.length === 0
        ? []
        : [
            "They keep other CAs, and other accounts at this CA, from certifying these names (RFC 8659, RFC 8657).",
            "The closest record set to a name is the only one that counts: what stands at the domain above holds no more.",
          ]),
      ...(known.length > 0 && cas.some(({ facts }) => facts.account === undefined && facts.identities.length > 0)
        ? ["There is no account yet: once there is, `mailcert dns show` adds accounturi."]
        : []),
      ...notes,
    ],
  };
};

const sts = ({ hosts, domains, publiclyTrusted }: DnsFacts): readonly RecordGroup[] => {
  if (!publiclyTrusted)
    return [
      {
        topic: "mta-sts",
        records: [],
        notes: ["None: senders that follow MTA-STS refuse a certificate that is not publicly trusted (RFC 8461 §4.2)."],
      },
    ];
  return domains.map((domain) => {
    const policy = stsToPublish(domain, hosts.slice(0, 1));
    return {
      topic: "mta-sts",
      records: [policy.record],
      notes: [
        `It tells other mail servers to insist on TLS for ${domain} (RFC 8461); list every MX host of the domain in it.`,
        "Start with `mode: testing` and read the reports; then `mode: enforce` and a max_age of weeks, with a new id.",
      ],
      policy,
    };
  });
};

const reports = ({ domains }: DnsFacts): RecordGroup => ({
  topic: "tlsrpt",
  records: domains.map(reportsToPublish),
  notes: ["Other mail servers send their failures with TLS there, once a day (RFC 8460); any mailbox will do."],
});

const services = ({ hosts: [host = ""], domains, listeners }: DnsFacts): RecordGroup => {
  const records = domains.flatMap((domain) => serviceRecords(domain, host, listeners));
  return {
    topic: "srv",
    records,
    notes:
      records.length === 0
        ? ["No service for mail programs was found in the configuration of this host's servers."]
        : ["Mail programs that know nothing but an address find these servers by them (RFC 6186, RFC 8314 §5.1)."],
  };
};

const groupsOf = (facts: DnsFacts): readonly RecordGroup[] => {
  const { name, names, hosts } = facts;
  if (hosts.length > 0) return [dane(facts), caa(facts), ...sts(facts), reports(facts), services(facts)];
  const none: RecordGroup = { topic: "dane", records: [], notes: [`${hostless(name)}.`] };
  return [none, ...(names.some(isWildcard) ? [caa(facts)] : [])];
};

export const recordsToPublish = (facts: DnsFacts): DnsToPublish => ({ name: facts.name, groups: groupsOf(facts) });

/** Changes nothing and asks no name server. */
export const dnsShow = async (
  world: World,
  certificate: CertificateConfig,
  domains: readonly string[],
): Promise<DnsToPublish> => recordsToPublish(await dnsFacts(world, certificate, domains));
