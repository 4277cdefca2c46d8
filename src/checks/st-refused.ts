// STARTTLS that is offered is also honoured.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { startTlsOnly } from "./starttls-only.ts";
import { switchedOff } from "./switched-off.ts";

const base = {
  id: "st-refused",
  summary: "STARTTLS that is offered is honoured",
  clients: "Programs say that the secure connection failed before any certificate was shown.",
  servers:
    "The server offers what it cannot do: most often it cannot read its certificate or key (its log says which), or the two do not belong together. `mailcert deploy` gives it a pair that does.",
  reference: "RFC 3207 §4",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

/** Said by st-adv and st-resp-inj. */
const saidElsewhere: readonly string[] = ["not-offered", "injected"];

export const stRefused: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  applies: startTlsOnly,
  judge: (facts) => {
    const { error, clear, tls } = facts.observation;
    if (switchedOff(facts)) return [];
    if (error?.stage !== "starttls" || tls || clear?.preauth || saidElsewhere.includes(error.reason)) return [];
    const offered = clear?.startTlsOffered
      ? "STARTTLS is offered and then not done"
      : "the dialogue breaks off before STARTTLS";
    return say(base, facts.role, {
      message: `${offered}: ${error.message}`,
      hint: settingFor(
        facts,
        "key or certificate cannot be read or do not belong together: `doveconf -n | grep ssl_`, `journalctl -u dovecot -n 50`, then `doveadm reload`",
        'key or certificate cannot be read or do not belong together: `postconf smtpd_tls_chain_files smtpd_tls_cert_file smtpd_tls_key_file`, the log says "cannot load", then `postfix reload`',
      ),
    });
  },
};
