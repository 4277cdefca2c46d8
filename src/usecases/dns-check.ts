// dns check: what DNS says about a certificate's names now, held against what is live. Changes nothing.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { readFields } from "../domain/certificate-fields.ts";
import { retiredFindings, waitingFindings } from "../domain/dane-change.ts";
import { reportsFinding, serviceFinding, stsFinding, tlsaFindings } from "../domain/dns-judgement.ts";
import type { ServiceAt } from "../domain/dns-record.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { dnsNameMatches } from "../domain/name-match.ts";
import { mailServices, portOf } from "../domain/srv-records.ts";
import { reportsOwner } from "../domain/sts-records.ts";
import { clean } from "../domain/text.ts";
import { tlsaOwner } from "../domain/tlsa.ts";
import type { KnownType, RecordOf } from "../dns/authoritative.ts";
import type { AskOptions, Dns, StsLookup, Unknown } from "../dns/dns.ts";
import { type CaaAnswer, askCaa } from "./before-order.ts";
import { type AskedCa, type DnsFacts, dnsFacts, hostless } from "./dns-facts.ts";
import type { World } from "./world.ts";

export interface DnsChecked {
  readonly name: string;
  /** Some question was answered. */
  readonly answered: boolean;
  /** `ok` ones too. */
  readonly findings: readonly Finding[];
}

/** Name servers all over the world, and some of them silent. */
const deadlineMs = 8_000;

const finding = (check: string, severity: Severity, message: string, hint?: string): Finding => ({
  check,
  severity,
  message,
  ...(hint === undefined ? {} : { hint }),
});

const nobodySays = "nobody could say";

const nobody = (check: string, what: string, { why }: Unknown): Finding =>
  finding(
    check,
    "warning",
    `${nobodySays} ${what}: ${why}`,
    "see this host's name servers (/etc/resolv.conf), and port 53 outward",
  );

/** The records of a name as its own name servers have them; the first that answers speaks for all. */
const recordsAt = async <Type extends KnownType>(
  dns: Dns,
  owner: string,
  type: Type,
  options: AskOptions,
): Promise<readonly RecordOf<Type>[] | Unknown> => {
  const asked = await dns.authoritative.askAll(owner, type, options);
  if (asked.kind === "unknown") return asked;
  const answered = asked.replies.flatMap((reply) => (reply.kind === "answered" ? [reply.records] : []));
  return answered[0] ?? { kind: "unknown", why: `no name server of ${asked.zone} answered` };
};

const isUnknown = (result: object): result is Unknown => "kind" in result && result.kind === "unknown";

const tlsa = async (
  dns: Dns,
  { name, hosts, live, held, retired }: DnsFacts,
  options: AskOptions,
): Promise<readonly Finding[]> => {
  if (hosts.length === 0) return [finding("dane-match", "info", hostless(name))];
  const offered = live.map(({ slot, leaf, chain }) => ({ slot, spki: readFields(leaf.der).spki, chain }));
  const found = await Promise.all(
    hosts.map(async (host): Promise<readonly Finding[]> => {
      const owner = tlsaOwner(host, 25);
      const lookup = await dns.tlsa(host, 25, options);
      if (lookup.kind === "unknown") return [nobody("dane-match", `what is at ${owner}`, lookup)];
      if (lookup.kind === "none")
        return [
          finding(
            "dane-match",
            "info",
            `${owner} has no TLSA records: other mail servers do not check the key (DANE)`,
            `in a zone that is signed with DNSSEC they may: \`mailcert dns show ${name}\``,
          ),
        ];
      if (live.length === 0)
        return [
          finding("dane-match", "info", `${owner} has TLSA records, and nothing is live yet that they could pin`),
        ];
      const servers = await dns.tlsaEverywhere(lookup.owner, options);
      return [
        ...tlsaFindings({ ...lookup, servers }, offered),
        ...retiredFindings(lookup, retired),
        ...waitingFindings(lookup, held),
      ];
    }),
  );
  return found.flat();
};

const caaFinding = ({ title, facts }: AskedCa, { name, lookup, verdict }: CaaAnswer, first: boolean): Finding => {
  if (lookup.kind === "unknown") return nobody("cert-caa", `whether ${title} may issue for ${name}`, lookup);
  if (lookup.kind === "blocked")
    return finding(
      "cert-caa",
      "warning",
      `the CAA records of ${lookup.owner} cannot be had: ${lookup.why}, which a CA takes for a no`,
      "see the zone's name servers, and its DNSSEC signatures",
    );
  if (lookup.kind === "none")
    return finding(
      "cert-caa",
      "info",
      `no CAA record concerns ${name}: every CA may issue for it`,
      "`mailcert dns show` prints what would keep others from it",
    );
  if (verdict?.kind === "forbidden")
    return finding(
      "cert-caa",
      first ? "fault" : "warning",
      `CAA at ${lookup.owner} does not let ${title} issue for ${name}: ${verdict.why}`,
      "change the record set there: `mailcert dns show` prints one that fits",
    );
  if (verdict?.kind === "allowed")
    return finding("cert-caa", "ok", `CAA at ${lookup.owner} lets ${title} issue for ${name}`);
  const who = facts.identities.length === 0 ? `${title} does not say which name it answers to` : "nobody could say";
  return finding("cert-caa", "info", `CAA at ${lookup.owner} concerns ${name}; ${who}`);
};

const caa = async (world: World, { names, cas }: DnsFacts): Promise<readonly Finding[]> => {
  const found: Finding[] = [];
  for (const [index, ca] of cas.entries()) {
    if (ca.trouble !== undefined) {
      found.push(
        finding("cert-caa", "warning", `${ca.title} could not be asked for its name in CAA records: ${ca.trouble}`),
      );
      continue;
    }
    const answers = await askCaa(world, names, ca.settings, ca.facts);
    found.push(...answers.map((answer) => caaFinding(ca, answer, index === 0)));
  }
  // Of several CAs, each says once that there is no record.
  return found.filter(({ message }, index) => found.findIndex((one) => one.message === message) === index);
};

/** Where the mail of a domain goes. Empty texts: a null MX (RFC 7505). */
const exchangers = async (dns: Dns, domain: string, options: AskOptions): Promise<readonly string[] | Unknown> => {
  const records = await recordsAt(dns, domain, "MX", options);
  if (isUnknown(records)) return records;
  const named = records.map(({ data }) => data.exchange.toLowerCase().replace(/\.$/, ""));
  // RFC 5321 §5.1: without any MX record, the domain itself is the host.
  return named.length === 0 ? [domain] : named;
};

/** `ours`: hosts here that take the domain's mail. */
const policyFinding = (
  { name, live, publiclyTrusted }: DnsFacts,
  domain: string,
  lookup: StsLookup,
  ours: readonly string[],
): Finding => {
  if (lookup.kind === "unknown") return nobody("sts-policy", `what the MTA-STS policy of ${domain} is`, lookup);
  if (lookup.kind === "none")
    return finding(
      "sts-policy",
      "info",
      `${domain} has no MTA-STS policy: other mail servers do not insist on TLS`,
      publiclyTrusted ? `\`mailcert dns show ${name}\` prints one` : undefined,
    );
  if (live.length === 0)
    return finding("sts-policy", "info", `${domain} has an MTA-STS policy, and nothing is live yet`);
  return stsFinding(name, domain, lookup.policy, ours, publiclyTrusted);
};

const mail = async (dns: Dns, facts: DnsFacts, domain: string, options: AskOptions): Promise<readonly Finding[]> => {
  const { name, hosts } = facts;
  const to = await exchangers(dns, domain, options);
  if (isUnknown(to)) return [nobody("mx-host", `where the mail of ${domain} goes`, to)];
  if (to.every((host) => host === ""))
    return [
      finding(
        "mx-host",
        "info",
        `${domain} takes no mail, and says so (null MX): its MTA-STS and TLS reports are not looked at`,
        "another domain? name it: --domain DOMAIN",
      ),
    ];
  if (to.includes(""))
    return [
      finding(
        "mx-host",
        "fault",
        `${domain} has a null MX (no mail) beside other MX records: some senders deliver, others do not`,
        "take this record away, or all the others",
      ),
    ];
  const ours = to.filter((host) => hosts.includes(host));
  if (ours.length === 0)
    return [
      finding(
        "mx-host",
        "info",
        `the mail of ${domain} goes to ${clean(to.slice(0, 6).join(", "), 600)}: its MTA-STS and TLS reports are not looked at`,
        "another domain? name it: --domain DOMAIN",
      ),
    ];
  const [policy, texts] = await Promise.all([
    dns.mtaSts(domain, options),
    recordsAt(dns, reportsOwner(domain), "TXT", options),
  ]);
  return [
    finding("mx-host", "ok", `the mail of ${domain} comes to ${ours.join(", ")}`),
    policyFinding(facts, domain, policy, ours),
    isUnknown(texts)
      ? nobody("mx-tlsrpt", `where TLS reports of ${domain} go`, texts)
      : reportsFinding(
          name,
          domain,
          texts.map(({ data }) => [data].flat().map(String).join("")),
        ),
  ];
};

const services = async (
  world: World,
  dns: Dns,
  { name, names, listeners }: DnsFacts,
  domain: string,
  options: AskOptions,
): Promise<readonly Finding[]> => {
  const own = world.localAddresses();
  const leadsHere = async (target: string): Promise<boolean> => {
    const lookup = await dns.addresses(target, options);
    return lookup.kind === "found" && lookup.addresses.some((address) => own.includes(address));
  };
  const found = await Promise.all(
    mailServices.map(async (service) => {
      const owner = `${service.label}.${domain}`;
      const records = await recordsAt(dns, owner, "SRV", options);
      if (isUnknown(records)) return records;
      return Promise.all(
        records.slice(0, 8).map(async ({ data }) => {
          const target = data.target.toLowerCase().replace(/\.$/, "");
          const record: ServiceAt = { priority: data.priority ?? 0, weight: data.weight ?? 0, port: data.port, target };
          const named = names.some((one) => one === target || dnsNameMatches(one, target));
          const here = named || (target !== "" && (await leadsHere(target)));
          return serviceFinding(name, { owner, service, record, named, here, port: portOf(service, listeners) });
        }),
      );
    }),
  );
  const unknown = found.find(isUnknown);
  const said = found.flatMap((one) => (isUnknown(one) ? [] : one));
  if (unknown !== undefined) return [...said, nobody("srv-target", `which SRV records ${domain} has`, unknown)];
  if (said.length > 0) return said;
  return [
    finding(
      "srv-target",
      "info",
      `${domain} has no SRV records of mail services: mail programs guess, or ask their users`,
      `\`mailcert dns show ${name}\` prints them`,
    ),
  ];
};

/** `domains` empty: those that can be guessed. */
export const dnsCheck = async (
  world: World,
  certificate: CertificateConfig,
  domains: readonly string[],
): Promise<DnsChecked> => {
  const facts = await dnsFacts(world, certificate, domains);
  const dns = await world.dns();
  const options: AskOptions = { timeoutMs: deadlineMs, signal: world.signal };
  const [pinned, allowed, mails, found] = await Promise.all([
    tlsa(dns, facts, options),
    caa(world, facts),
    Promise.all(facts.domains.map((domain) => mail(dns, facts, domain, options))),
    Promise.all(facts.domains.map((domain) => services(world, dns, facts, domain, options))),
  ]);
  const findings = [...pinned, ...allowed, ...mails.flat(), ...found.flat()];
  const unasked = facts.cas.filter(({ trouble }) => trouble !== undefined).length;
  const silent = findings.filter(({ message }) => message.startsWith(`${nobodySays} `)).length;
  return { name: facts.name, answered: findings.length === 0 || silent + unasked < findings.length, findings };
};
