// The certificate carries the name that clients are configured with, in its SAN.
import { hostNameIn } from "../domain/host-name.ts";
import { certificateMatches, serviceNameOf } from "../domain/name-match.ts";
import { isIpName } from "../domain/names.ts";
import { askedName } from "../domain/probe-host.ts";
import { shellWord } from "../domain/shell-word.ts";
import { clean } from "../domain/text.ts";
import type { CertificateFacts } from "../domain/certificate.ts";
import type { EntryCheck } from "./check.ts";
import { pinnedByKey } from "./dane.ts";
import { say } from "./finding.ts";
import { hasName, sawLeaf } from "./seen.ts";

const base = {
  id: "cert-name",
  summary: "the certificate's SAN has the name that clients use (the common name does not count)",
  clients:
    '"The name on the security certificate is invalid or does not match": Outlook asks each time, iPhones refuse, Thunderbird asks for an exception.',
  servers:
    "Let clients use a name that the certificate has, or give it theirs: `mailcert setup NAME OTHER-NAME`. With several certificates on one server: Dovecot `local_name`, Postfix `tls_server_sni_maps`.",
  reference: "RFC 9525 §6.3, RFC 7817 §3",
  severity: { mta: "info", mua: "fault", internal: "info" },
} as const;

/** For a host that is named by its address: it is the name that counts. */
const addressHint = (address: string, names: readonly string[]): string => {
  const name = names.find((one) => hostNameIn(one) === one) ?? "NAME";
  return `look at it under the name that clients use: \`mailcert verify ${name} --address ${address}\`; clients that are configured with the address refuse the certificate`;
};

const issueHint = (name: string): string =>
  `let clients use a name that it has, or issue one that has ${name}: \`mailcert setup ${shellWord(name)}\`; where the server has several certificates, the one for this name (Dovecot local_name, Postfix tls_server_sni_maps) is missing`;

/** What it stands for, as far as there is room. */
const namesOf = ({ dnsNames, ipNames, srvNames = [], xmppNames = [], subject }: CertificateFacts): string => {
  const names = [...dnsNames, ...ipNames, ...srvNames, ...xmppNames.map((name) => `${name} (XMPP)`)];
  const shown = names.slice(0, 4).map((name) => clean(name, 80));
  return (
    shown.join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "") ||
    clean(subject, 80) ||
    "no name at all"
  );
};

const chatHint = (domain: string): string =>
  `XMPP is checked for the domain of the addresses, whatever host serves it: give the chat server a certificate that has ${domain}: \`mailcert issue ${shellWord(domain)} --out DIR\``;

export const certName: EntryCheck = {
  ...base,
  scope: "entry",
  applies: (facts) => sawLeaf(facts) && hasName(facts),
  judge: (facts) => {
    const leaf = facts.chain[0];
    const { entry } = facts.observation;
    const { host } = entry;
    if (!hasName(facts) || !leaf || certificateMatches(leaf, host)) return [];
    // Who speaks XMPP knows the domain alone, and every client of it knows these names (RFC 6120 §13.7.2).
    const chat = entry.protocol.startsWith("xmpp-");
    if (chat && serviceNameOf(leaf, entry, host) !== undefined) return [];
    const asked = askedName(host);
    const name = asked === host ? host : `${asked} (asked for as ${host})`;
    if (leaf.dnsNames.length + leaf.ipNames.length === 0 && leaf.commonName?.toLowerCase() === host) {
      return say(base, facts.role, {
        message: `the certificate has ${host} only as its common name, which clients ignore: it has no SAN`,
        hint: `issue one with a SAN: \`mailcert setup ${shellWord(asked)}\``,
      });
    }
    const domain = facts.serviceOf?.find((one) => certificateMatches(leaf, one));
    if (domain !== undefined) {
      return say(base, facts.role, {
        severity: "warning",
        message: `the certificate is for ${domain} and not for ${name}: programs that came by the SRV records accept it, those that were told the host's name do not`,
        hint: issueHint(asked),
      });
    }
    const service = facts.serviceOf?.map((one) => serviceNameOf(leaf, entry, one)).find((one) => one !== undefined);
    if (service !== undefined) {
      return say(base, facts.role, {
        severity: "warning",
        message: `the certificate is for the service ${clean(service, 80)} (SRV-ID) and not for ${name}: programs that came by the SRV records and know such names accept it, all others do not`,
        hint: issueHint(asked),
      });
    }
    if (pinnedByKey(facts)) {
      return say(base, facts.role, {
        severity: "info",
        message: `the certificate is not for ${name}; it is for ${namesOf(leaf)}: senders that check DANE do not mind, because a TLSA record pins the key itself`,
        hint: "senders that follow an MTA-STS policy do mind, and people's programs on other ports",
      });
    }
    return say(base, facts.role, {
      message: `the certificate is not for ${name}; it is for ${namesOf(leaf)}`,
      hint: isIpName(host)
        ? addressHint(host, [...leaf.dnsNames, ...leaf.ipNames])
        : chat
          ? chatHint(host)
          : issueHint(asked),
    });
  },
};
