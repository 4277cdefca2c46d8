// On the port where people hand in mail, nothing is taken before TLS.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "st-enforced",
  summary: "submission takes no mail (MAIL FROM) before STARTTLS (--full)",
  clients: "A program that is set wrongly hands in mail for everybody to read, and works: nobody notices.",
  servers: "Postfix: `-o smtpd_tls_security_level=encrypt` at the `submission` service in master.cf.",
  reference: "RFC 3207 §4, RFC 8314 §3.3",
  severity: { mta: "-", mua: "warning", internal: "-" },
} as const;

export const stEnforced: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  // "Later" is no answer to the question.
  applies: ({ observation: { mailInClear } }) =>
    mailInClear !== undefined && (mailInClear.code < 400 || mailInClear.code >= 500),
  judge: (facts) => {
    const { mailInClear } = facts.observation;
    if (mailInClear === undefined || mailInClear.code >= 400) return [];
    return say(base, facts.role, {
      message: `mail is begun without TLS: MAIL FROM in clear is answered "${mailInClear.text}" (nothing was sent)`,
      hint: "Postfix: `postconf -P submission/inet/smtpd_tls_security_level=encrypt`, then `postfix reload`",
    });
  },
};
