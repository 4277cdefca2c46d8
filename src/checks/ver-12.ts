// TLS 1.2 is there: everybody has it, and many have nothing newer.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ver-12",
  summary: "TLS 1.2 is accepted",
  clients: "Programs and servers of before 2018 or so cannot connect; mail servers deliver in clear or not at all.",
  servers: `Dovecot: \`ssl_min_protocol = TLSv1.2\`. Postfix: \`smtpd_tls_protocols = >=TLSv1.2\`. ${otherServersWords}`,
  reference: "RFC 9325 §3.1.1",
  severity: { mta: "warning", mua: "info", internal: "info" },
} as const;

export const ver12: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ versions }) => versions["TLSv1.2"]),
  judge: (facts) =>
    facts.observation.profile?.versions["TLSv1.2"] === false
      ? say(base, facts.role, {
          message: "TLS 1.2 is refused: whoever has nothing newer cannot connect",
          hint: settingFor(facts, "`ssl_min_protocol = TLSv1.2`", "`smtpd_tls_protocols = >=TLSv1.2`", "policy"),
        })
      : [],
};
