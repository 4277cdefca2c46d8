// The certificate carries the name that clients are configured with, in its SAN.
import { hostNameIn } from "../domain/host-name.ts";
import { certificateMatches } from "../domain/name-match.ts";
import { isIpName } from "../domain/names.ts";
import { askedName } from "../domain/probe-host.ts";
import { shellWord } from "../domain/shell-word.ts";
import { clean } from "../domain/text.ts";
import type { EntryCheck } from "./check.ts";
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

export const certName: EntryCheck = {
  ...base,
  scope: "entry",
  applies: (facts) => sawLeaf(facts) && hasName(facts),
  judge: (facts) => {
    const leaf = facts.chain[0];
    const { host } = facts.observation.entry;
    if (!hasName(facts) || !leaf || certificateMatches(leaf, host)) return [];
    const asked = askedName(host);
    const name = asked === host ? host : `${asked} (asked for as ${host})`;
    const names = [...leaf.dnsNames, ...leaf.ipNames];
    const shown =
      names
        .slice(0, 4)
        .map((name) => clean(name, 80))
        .join(", ") + (names.length > 4 ? ` and ${names.length - 4} more` : "");
    if (names.length === 0 && leaf.commonName?.toLowerCase() === host) {
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
    return say(base, facts.role, {
      message: `the certificate is not for ${name}; it is for ${shown || clean(leaf.subject, 80) || "no name at all"}`,
      hint: isIpName(host) ? addressHint(host, names) : issueHint(asked),
    });
  },
};
