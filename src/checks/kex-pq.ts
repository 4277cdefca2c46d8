// A key exchange that a quantum computer of later cannot undo: X25519MLKEM768 and its like.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "kex-pq",
  summary: "post-quantum key exchange (X25519MLKEM768) is offered",
  clients: "Nothing: what is recorded today might be read in some decades.",
  servers:
    "Comes with OpenSSL 3.5 (Debian 13 has it). Dovecot: no `ssl_curve_list` of an old guide. Postfix: `tls_eecdh_auto_curves = X25519MLKEM768, X25519, prime256v1, secp384r1`.",
  reference: "draft-ietf-tls-ecdhe-mlkem, NCSC TLS guidelines 2025-05",
  severity: { mta: "info", mua: "info", internal: "info" },
} as const;

export const kexPq: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ hybridGroup }) => hybridGroup),
  judge: (facts) =>
    facts.observation.profile?.hybridGroup === null
      ? say(base, facts.role, {
          message: "no post-quantum key exchange (X25519MLKEM768) is offered",
          hint: /^(smtp|submission)$/.test(facts.observation.entry.protocol)
            ? "Postfix with OpenSSL 3.5: `postconf 'tls_eecdh_auto_curves = X25519MLKEM768, X25519, prime256v1, secp384r1'`; nothing is wrong without it today"
            : "it comes with OpenSSL 3.5 and needs no setting; nothing is wrong without it today",
        })
      : [],
};
