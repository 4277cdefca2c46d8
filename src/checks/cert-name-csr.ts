// The certificate also has the mail domain's own name, where programs come by SRV records (RFC 7817 §5).
import { socketPath } from "../domain/entry-point.ts";
import { certificateMatches, serviceNameOf } from "../domain/name-match.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "cert-name-csr",
  summary: "where SRV records lead here (--srv), the certificate has the mail domain's name too",
  clients:
    "Nothing in most: they check the host's name that the SRV record gave them. Some ask whether that host may speak for the domain, once.",
  servers:
    "Give the certificate the domain's name beside the host's: `mailcert setup HOST DOMAIN`. A public CA wants proof of the domain then: dns-01 gives it where the domain's web server is elsewhere.",
  reference: "RFC 7817 §5, RFC 6186 §6",
  severity: { mta: "-", mua: "info", internal: "-" },
} as const;

export const certNameCsr: EntryCheck = {
  ...base,
  scope: "entry",
  applies: ({ serviceOf, chain, observation: { entry } }) =>
    serviceOf !== undefined && chain.length > 0 && !entry.protocol.startsWith("xmpp-"),
  judge: (facts) => {
    const [leaf] = facts.chain;
    const { entry } = facts.observation;
    // Without the host's name there is a louder word to say (cert-name). XMPP is checked by the domain alone.
    if (!leaf || socketPath(entry) !== undefined || entry.protocol.startsWith("xmpp-")) return [];
    if (!certificateMatches(leaf, entry.host)) return [];
    return (facts.serviceOf ?? [])
      .filter((domain) => !certificateMatches(leaf, domain) && serviceNameOf(leaf, entry, domain) === undefined)
      .flatMap((domain) =>
        say(base, facts.role, {
          message: `the certificate has ${entry.host} and not ${domain}: a program that came by the SRV records of ${domain} has only DNS's word that it may speak for it`,
          hint: `nothing has to be done: most programs are content; for those that are not: \`mailcert setup ${shellWord(entry.host)} ${shellWord(domain)}\``,
        }),
      );
  },
};
