// TLS 1.3 is there.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ver-13",
  summary: "TLS 1.3 is accepted",
  clients: "Nothing: TLS 1.2 is used, with a round trip more and the certificate in clear.",
  servers:
    "Every server of today has it with OpenSSL 1.1.1 or later. Dovecot: no `ssl_protocols` of an old guide. Postfix: no `!TLSv1.3` or `<=TLSv1.2` in `smtpd_tls_protocols`.",
  reference: "RFC 9325 §3.1.1",
  severity: { mta: "info", mua: "info", internal: "info" },
} as const;

export const ver13: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ versions }) => versions["TLSv1.3"]),
  judge: (facts) =>
    facts.observation.profile?.versions["TLSv1.3"] === false
      ? say(base, facts.role, {
          message: "TLS 1.3 is not offered",
          hint: "update the server and its TLS library, or take the setting out that forbids it",
        })
      : [],
};
