// No suite without encryption, with a key that can be tried out, with RC4, or (for people's programs) without authentication.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ciph-broken",
  summary: "no NULL, export, DES, RC4 or anonymous cipher suites",
  clients: "Nothing to be seen: a program that can be brought to such a suite sends the password to whoever listens.",
  servers: `Dovecot: take \`ssl_cipher_list\` out, its default is sound. Postfix: \`smtpd_tls_ciphers = medium\`, \`smtpd_tls_mandatory_exclude_ciphers = aNULL\`, and nothing of an old guide in \`tls_*_cipherlist\`. ${otherServersWords}`,
  reference: "RFC 9325 §4.1",
  severity: { mta: "warning", mua: "fault", internal: "warning" },
} as const;

const anonymous = (suite: string): boolean => /_anon_/.test(suite) && !/_NULL_|EXPORT|_RC4_|_DES_/.test(suite);

export const ciphBroken: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ brokenSuite }) => brokenSuite),
  judge: (facts) => {
    const suite = facts.observation.profile?.brokenSuite;
    if (typeof suite !== "string") return [];
    return anonymous(suite)
      ? say(base, facts.role, {
          // Only a client that offers one gets one, and none of people's programs does.
          severity: "warning",
          message: `suites without authentication are accepted (${suite})`,
          hint: settingFor(
            facts,
            "take `ssl_cipher_list` out: its default leaves them out",
            "`postconf smtpd_tls_mandatory_exclude_ciphers=aNULL`, then `postfix reload`",
            "policy",
          ),
        })
      : say(base, facts.role, {
          message: `a broken cipher suite is accepted (${suite})`,
          hint: settingFor(
            facts,
            "take `ssl_cipher_list` out, its default is sound; then `doveadm reload`",
            "take `smtpd_tls_ciphers`, `smtpd_tls_mandatory_ciphers` and `tls_*_cipherlist` out of main.cf (`postconf -n` shows them), their defaults are sound; then `postfix reload`",
            "policy",
          ),
        });
  },
};
