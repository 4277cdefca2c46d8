// TLS 1.2 with keys that depend on the whole handshake.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "ems",
  summary: "extended master secret in TLS 1.2",
  clients: "Programs in FIPS mode refuse the connection; others show nothing.",
  servers: "Comes with OpenSSL 1.1 and GnuTLS 3.4: update the server's TLS library. In TLS 1.3 it is built in.",
  reference: "RFC 7627, RFC 9325 §3.5",
  severity: { mta: "warning", mua: "warning", internal: "warning" },
} as const;

export const ems: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ tls12 }) => tls12),
  judge: (facts) =>
    facts.observation.profile?.tls12?.extendedMasterSecret === false
      ? say(base, facts.role, {
          message: "TLS 1.2 comes without the extended master secret",
          hint: "update the server's TLS library: OpenSSL has it since 1.1.0",
        })
      : [],
};
