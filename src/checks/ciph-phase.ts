// Suites that are on their way out: CBC without encrypt-then-MAC, finite-field Diffie-Hellman, ARIA, Camellia.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ciph-phase",
  summary: "no cipher suites that are being phased out (CBC without encrypt-then-MAC, DHE, ARIA, Camellia)",
  clients: "Nothing. Old programs may still need them.",
  servers:
    "No hurry. Dovecot: `ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20`. Postfix: leave port 25 as it is, a suite on its way out is better than clear text.",
  reference: "RFC 9325 §4.1, NCSC TLS guidelines 2025-05",
  severity: { mta: "info", mua: "info", internal: "info" },
} as const;

export const ciphPhase: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ phaseOutSuite }) => phaseOutSuite),
  judge: (facts) => {
    const suite = facts.observation.profile?.phaseOutSuite;
    return typeof suite === "string"
      ? say(base, facts.role, {
          message: `cipher suites that are being phased out are accepted (${suite})`,
          hint: "no hurry: old programs may need them",
        })
      : [];
  },
};
