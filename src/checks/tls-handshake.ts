// The TLS handshake succeeds with what today's clients offer (TLS 1.2 and 1.3).
import { meantHint } from "../domain/meant-target.ts";
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { sawTls } from "./seen.ts";
import { switchedOff } from "./switched-off.ts";

/** Words of the server after its own go-ahead. */
const cannotStart = /cannot start TLS/;

const base = {
  id: "tls-handshake",
  summary: "a TLS 1.2 or 1.3 handshake succeeds",
  clients:
    '"A secure connection cannot be established"; old phones and programs, or new ones, depending on what is missing.',
  servers:
    "Dovecot: `ssl_min_protocol = TLSv1.2` and no `ssl_cipher_list` of an old guide. Postfix: `smtpd_tls_protocols = >=TLSv1.2`.",
  reference: "RFC 9325 §3.1.1, RFC 8997",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

export const tlsHandshake: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  applies: (facts) => sawTls(facts) || facts.observation.error?.stage === "handshake",
  judge: (facts) => {
    const { entry, error, wrongMode } = facts.observation;
    if (error?.stage !== "handshake" || wrongMode || switchedOff(facts)) return [];
    return say(base, facts.role, {
      message: error.message,
      hint: cannotStart.test(error.message)
        ? settingFor(
            facts,
            "its key or certificate cannot be used (not to be read, not a pair, or too weak): `journalctl -u dovecot -n 50` or /var/log/mail.log says which, `doveconf -n | grep ssl_` shows the files; `mailcert deploy` on the server gives it a pair that fits",
            "its key or certificate cannot be used (not to be read, not a pair, or too weak): `journalctl -u postfix -n 50` or /var/log/mail.log says which; `mailcert deploy` on the server gives it a pair that fits",
          )
        : error.reason === "timeout"
          ? settingFor(
              facts,
              "what is to speak there hangs, or dies: `journalctl -u dovecot -n 50` or /var/log/mail.log names the reason",
              "what is to speak there hangs, or dies: `journalctl -u postfix -n 50` or /var/log/mail.log names the reason",
            )
          : facts.meant && error.reason === "closed"
            ? meantHint(entry, facts.meant)
            : settingFor(
                facts,
                'look for "ssl" in `journalctl -u dovecot -n 50`; key and certificate must belong together and ssl_min_protocol be TLSv1.2; then `doveadm reload`',
                'look for "TLS library problem" in `journalctl -u postfix -n 50`; key and certificate must belong together; then `postfix reload`',
              ),
    });
  },
};
