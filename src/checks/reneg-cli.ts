// In TLS 1.2, no renegotiation because a client asks for one: it makes the server compute, again and again, in one connection.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";

const base = {
  id: "reneg-cli",
  summary: "no renegotiation at a client's wish in TLS 1.2 (--full)",
  clients: "Nothing: no mail program asks for it. One connection can keep the server computing.",
  servers: `OpenSSL 3 refuses it by itself. Dovecot and Postfix with an older one: \`tls_ssl_options = NO_RENEGOTIATION\` in Postfix 3.4 and later; Dovecot has no setting for it. ${otherServersWords}`,
  reference: "NCSC TLS guidelines 2025-05 §3.4.2, RFC 9325 §3.5",
  severity: { mta: "info", mua: "info", internal: "info" },
} as const;

export const renegCli: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: ({ observation }) => observation.renegotiates !== undefined,
  judge: (facts) =>
    facts.observation.renegotiates === true
      ? say(base, facts.role, {
          message: "in TLS 1.2 the server renegotiates whenever a client asks: one connection can keep it computing",
          hint: settingFor(
            facts,
            "it comes with OpenSSL 3, which refuses this; or limit connections (`mail_max_userip_connections`)",
            "`postconf tls_ssl_options=NO_RENEGOTIATION`, then `postfix reload`; OpenSSL 3 refuses it by itself",
            "policy",
          ),
        })
      : [],
};
