// SSLv3, TLS 1.0 and TLS 1.1 are switched off.
import type { EntryCheck } from "./check.ts";
import { onlyWithTls, say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ver-legacy",
  summary: "SSLv3, TLS 1.0 and TLS 1.1 are refused",
  clients: "Nothing, until somebody in between makes a program use the old version; audits complain.",
  servers: `Dovecot: \`ssl_min_protocol = TLSv1.2\`. Postfix: \`smtpd_tls_protocols = >=TLSv1.2\` (port 25) and \`smtpd_tls_mandatory_protocols = >=TLSv1.2\` (where TLS is a must). On port 25 old servers then deliver in clear: watch the log first. ${otherServersWords}`,
  reference: "RFC 8996, RFC 8997, RFC 9325 §3.1.1",
  severity: { mta: "warning", mua: "fault", internal: "warning" },
} as const;

const old = ["SSLv3", "TLSv1", "TLSv1.1"] as const;
const words = { SSLv3: "SSL 3", TLSv1: "TLS 1.0", "TLSv1.1": "TLS 1.1" } as const;

export const verLegacy: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ versions }) => (old.every((version) => versions[version] !== undefined) ? versions : undefined)),
  judge: (facts) => {
    const { profile } = facts.observation;
    if (!profile) return [];
    const accepted = old.filter((version) => profile.versions[version]);
    return [
      ...(accepted.length === 0
        ? []
        : say(base, facts.role, {
            message: `${accepted.map((version) => words[version]).join(", ")} ${accepted.length === 1 ? "is" : "are"} still accepted`,
            hint: settingFor(
              facts,
              "`ssl_min_protocol = TLSv1.2`, then `doveadm reload`",
              onlyWithTls(
                facts,
                "`postconf 'smtpd_tls_mandatory_protocols = >=TLSv1.2'`, then `postfix reload`",
                "`postconf 'smtpd_tls_protocols = >=TLSv1.2'`, then `postfix reload`",
              ),
              "policy",
            ),
          })),
      ...(profile.stopped === undefined
        ? []
        : say(base, facts.role, {
            severity: "info",
            message: `the full look at its TLS broke off after ${profile.connections} connections, what it did not come to is not judged: ${profile.stopped}`,
            hint: "where it is a limit of the server, try later, or from an address that it makes an exception for",
          })),
    ];
  },
};
