// STARTTLS (STLS) is offered on the port that needs it.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { startTlsOnly } from "./starttls-only.ts";
import { switchedOff } from "./switched-off.ts";

const base = {
  id: "st-adv",
  summary: "STARTTLS is offered on a STARTTLS port",
  clients:
    'Programs set to "STARTTLS" say that the server does not support it; those set to "if available" send passwords in clear.',
  servers: `Dovecot: \`ssl = yes\` or \`required\`, with a certificate. Postfix: \`smtpd_tls_security_level = may\` (25) or \`encrypt\` (587), with \`smtpd_tls_chain_files\`. Firewalls that rewrite SMTP ("fixup") hide STARTTLS as well. ${otherServersWords}`,
  reference: "RFC 3207 §4, RFC 9051 §6.2.1, RFC 2595 §4, RFC 5804 §2.2",
  severity: { mta: "fault", mua: "fault", internal: "warning" },
} as const;

export const stAdv: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  applies: (facts) => startTlsOnly(facts) || facts.tlsOff !== undefined,
  judge: (facts) => {
    const off = switchedOff(facts);
    if (off) return say(base, facts.role, { message: `TLS is switched off (${off.setting})`, hint: off.mend });
    const { error, clear, tls, wrongMode } = facts.observation;
    if (clear && tls && !clear.startTlsOffered && !wrongMode) {
      return say(base, facts.role, {
        severity: "info",
        message:
          "TLS starts when it is asked for, but the server does not list it: programs that look first stay in clear",
        hint: "update the server, or set the programs to insist on TLS (vsftpd 3.0.5 leaves AUTH TLS out of FEAT)",
      });
    }
    if (error?.reason !== "not-offered") return [];
    return say(base, facts.role, {
      message: `no TLS here: ${error.message}`,
      hint: settingFor(
        facts,
        "set `ssl = yes` (or `required`) and a certificate (2.3: ssl_cert and ssl_key, 2.4: ssl_server_cert_file and ssl_server_key_file), then `doveadm reload`; or `mailcert deploy` on the server",
        facts.observation.entry.protocol === "submission"
          ? "`postconf -P submission/inet/smtpd_tls_security_level=encrypt`, then `postfix reload` (`postconf -P | grep tls_security_level` shows what master.cf says now); no certificate yet: `mailcert deploy` on the server"
          : 'set `smtpd_tls_security_level = may` and smtpd_tls_chain_files, then `postfix reload` (`postconf -P | grep tls_security_level`: a service may have its own); a firewall that rewrites SMTP ("fixup") also hides STARTTLS; or `mailcert deploy` on the server',
      ),
    });
  },
};
