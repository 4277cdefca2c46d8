// No compression in TLS.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "comp",
  summary: "no TLS compression",
  clients: "Nothing to be seen: lengths give away what was compressed (CRIME).",
  servers: `Dovecot: no \`compression\` in \`ssl_options\`. Postfix: \`tls_ssl_options = no_compression\`. ${otherServersWords}`,
  reference: "RFC 9325 §3.3",
  severity: { mta: "info", mua: "warning", internal: "info" },
} as const;

export const comp: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ tls12 }) => tls12),
  judge: (facts) =>
    facts.observation.profile?.tls12?.compression === true
      ? say(base, facts.role, {
          message: "TLS compression is agreed to: lengths give away what was compressed (CRIME)",
          hint: settingFor(
            facts,
            "take `compression` out of `ssl_options`, then `doveadm reload`",
            "`postconf tls_ssl_options=no_compression`, then `postfix reload`",
            "policy",
          ),
        })
      : [],
};
