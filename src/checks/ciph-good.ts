// In TLS 1.2, a program of today gets a suite that is recommended: ECDHE with AES-GCM or ChaCha20.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ciph-good",
  summary: "in TLS 1.2 a program of today gets a recommended cipher suite (ECDHE with AES-GCM or ChaCha20)",
  clients: "Nothing. Whoever speaks TLS 1.3 has a good suite anyhow.",
  servers: `Dovecot: take \`ssl_cipher_list\` out, its default has them first. Postfix: \`tls_medium_cipherlist\` and \`tls_high_cipherlist\` are best left alone. ${otherServersWords}`,
  reference: "TLSRef/Mozilla 6.0 intermediate, RFC 9325 §4.2",
  severity: { mta: "info", mua: "info", internal: "info" },
} as const;

/** The six of the intermediate guideline, and AES-CCM, which small devices have instead. */
const recommended =
  /^TLS_ECDHE_(?:ECDSA|RSA)_WITH_(?:AES_(?:128|256)_(?:GCM_SHA(?:256|384)|CCM)|CHACHA20_POLY1305_SHA256)$/;

export const ciphGood: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ tls12 }) => tls12),
  judge: (facts) => {
    const suite = facts.observation.profile?.tls12?.suite;
    return suite === undefined || recommended.test(suite)
      ? []
      : say(base, facts.role, {
          message: `in TLS 1.2 a program of today gets ${suite}, which is none of the recommended cipher suites`,
          hint: settingFor(
            facts,
            "take `ssl_cipher_list` out, its default has the recommended ones first; then `doveadm reload`",
            "take `tls_*_cipherlist` out of main.cf (`postconf -n` shows them), their defaults have the recommended ones first; then `postfix reload`",
            "policy",
          ),
        });
  },
};
