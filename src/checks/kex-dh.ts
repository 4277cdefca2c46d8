// Finite-field Diffie-Hellman, where there is some, with a prime of 2048 bits at least.
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "kex-dh",
  summary: "Diffie-Hellman with primes of 2048 bits or more",
  clients: '"dh key too small": new programs refuse the connection.',
  servers: `Dovecot: \`ssl_dh = </usr/share/dovecot/dh.pem\` (Debian's, 4096 bits), in 2.4 \`ssl_server_dh_file\`. Postfix: no \`smtpd_tls_dh1024_param_file\` (3.7 and later choose by the size of the key). ${otherServersWords}`,
  reference: "RFC 9325 §4.5",
  severity: { mta: "info", mua: "warning", internal: "info" },
} as const;

const least = 2048;

export const kexDh: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ dhBits }) => dhBits),
  judge: (facts) => {
    const bits = facts.observation.profile?.dhBits;
    return bits !== undefined && bits < least
      ? say(base, facts.role, {
          message: `Diffie-Hellman uses a prime of ${bits} bits, ${least} are the least`,
          hint: settingFor(
            facts,
            "`ssl_dh = </usr/share/dovecot/dh.pem` (2.4: `ssl_server_dh_file = /usr/share/dovecot/dh.pem`), then `doveadm reload`",
            "`postconf -X smtpd_tls_dh1024_param_file`: 3.7 and later choose by the size of the key; then `postfix reload`",
            "policy",
          ),
        })
      : [];
  },
};
