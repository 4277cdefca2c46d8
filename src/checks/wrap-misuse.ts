// The port speaks the mode that clients expect of it.
import type { EntryCheck } from "./check.ts";
import { portOf, say } from "./finding.ts";

const base = {
  id: "wrap-misuse",
  summary: "a port speaks the mode (STARTTLS or TLS at once) that clients expect",
  reference: "RFC 8314 §3, RFC 5804 §1.8",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

export const wrapMisuse: EntryCheck = {
  ...base,
  scope: "entry",
  judge: (facts) => {
    const { wrongMode, entry, tls } = facts.observation;
    if (wrongMode && entry.mode === "implicit") {
      return say(base, facts.role, {
        message: `port ${portOf(entry)} greets in clear, but clients start TLS there at once`,
        hint:
          entry.protocol === "submission"
            ? "Postfix: the service on 465 needs `-o smtpd_tls_wrappermode=yes` in master.cf, then `postfix reload`"
            : `Dovecot: the inet_listener on ${entry.port} needs \`ssl = yes\`, then \`doveadm reload\``,
      });
    }
    if (wrongMode && tls) {
      return say(base, facts.role, {
        message: `port ${portOf(entry)} wants TLS at once, but clients wait there for a greeting in clear: both sides wait for ever`,
        hint:
          entry.protocol === "submission" || entry.protocol === "smtp"
            ? "Postfix: take `-o smtpd_tls_wrappermode=yes` off this service in master.cf (it belongs to 465 only), then `postfix reload`"
            : `Dovecot: take \`ssl = yes\` off the inet_listener on ${entry.port}, then \`doveadm reload\``,
      });
    }
    if (entry.protocol === "sieve" && entry.mode === "implicit" && tls) {
      return say(base, facts.role, {
        message: "ManageSieve with TLS at once is not defined: most clients hang",
        hint: "offer STARTTLS on 4190 instead",
      });
    }
    return [];
  },
};
