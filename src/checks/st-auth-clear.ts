// Passwords are not asked for before TLS. "Offered", not "accepted": nothing is tried.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { startTlsOnly } from "./starttls-only.ts";

const base = {
  id: "st-auth-clear",
  summary: "no login is offered before TLS",
  clients: "A program that is set wrongly sends the password for everybody to read, and works: nobody notices.",
  servers: `Dovecot: \`auth_allow_cleartext = no\` (2.4), \`disable_plaintext_auth = yes\` (2.3). Postfix: \`smtpd_tls_auth_only = yes\`. ${otherServersWords}`,
  reference: "RFC 8314 §4.1, RFC 9051 §11.1, RFC 5804 §1.7, RFC 4643 §2.1, RFC 6120 §13.8",
  severity: { mta: "info", mua: "fault", internal: "info" },
} as const;

/** Mechanisms that never send the password itself; offered in clear they are a lesser evil. */
const passwordless = /^(?:CRAM-MD5|DIGEST-MD5|SCRAM-.*|NTLM|GSSAPI|GS2-.*|GSS-SPNEGO|APOP|EXTERNAL|ANONYMOUS)$/;

export const stAuthClear: EntryCheck = {
  ...base,
  scope: "entry",
  applies: startTlsOnly,
  judge: (facts) => {
    const { clear, local } = facts.observation;
    const offered = clear?.authInClear ?? [];
    if (offered.length === 0) return [];
    if (local) {
      // Dovecot and others take a connection whose two ends have one address as secured: it tells nothing about remote clients.
      return say(base, facts.role, {
        severity: "info",
        message:
          "login is offered before TLS, but this connection comes from the server itself, which servers take as secure",
        hint: "run verify from another machine to see what remote clients are offered",
      });
    }
    const list = offered.slice(0, 8).join(", ");
    const harmless = offered.every((mechanism) => passwordless.test(mechanism));
    return say(base, facts.role, {
      ...(harmless && facts.role === "mua" ? { severity: "warning" as const } : {}),
      message: `login is offered before TLS: ${list}${harmless ? "" : " (a password would travel in clear)"}`,
      hint: settingFor(
        facts,
        "`disable_plaintext_auth = yes` and `ssl = required` (2.4: `auth_allow_cleartext = no`), then `doveadm reload`",
        "`smtpd_tls_auth_only = yes` (submission: also `smtpd_tls_security_level = encrypt`), then `postfix reload`",
        "login",
      ),
    });
  },
};
