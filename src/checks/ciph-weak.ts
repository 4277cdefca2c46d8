// No 3DES or IDEA (blocks of 64 bits), and no key exchange without forward secrecy.
import type { EntryCheck } from "./check.ts";
import { onlyWithTls, say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ciph-weak",
  summary: "no 3DES, no cipher suites without forward secrecy (static RSA, static DH)",
  clients: "Nothing to be seen: whoever gets the key one day can read what was recorded.",
  servers: `Dovecot: take \`ssl_cipher_list\` out, its default leaves them out. Postfix: \`smtpd_tls_exclude_ciphers = kRSA, 3DES\`, also \`smtpd_tls_mandatory_exclude_ciphers\`. ${otherServersWords}`,
  reference: "RFC 9325 §4.1",
  severity: { mta: "info", mua: "warning", internal: "info" },
} as const;

export const ciphWeak: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ weakSuite }) => weakSuite),
  judge: (facts) => {
    const suite = facts.observation.profile?.weakSuite;
    if (typeof suite !== "string") return [];
    const what = /3DES|IDEA/.test(suite)
      ? "with blocks of 64 bits (Sweet32)"
      : "without forward secrecy: whoever gets the key one day reads what was recorded";
    return say(base, facts.role, {
      message: `cipher suites are accepted ${what} (${suite})`,
      hint: settingFor(
        facts,
        "take `ssl_cipher_list` out, its default leaves them out; then `doveadm reload`",
        onlyWithTls(
          facts,
          "`postconf 'smtpd_tls_mandatory_exclude_ciphers = aNULL, kRSA, 3DES'`, then `postfix reload`",
          "`postconf 'smtpd_tls_exclude_ciphers = kRSA, 3DES'`, then `postfix reload`",
        ),
        "policy",
      ),
    });
  },
};
