// TLS 1.2 with the extension that ties a renegotiation to its connection.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { profiled } from "./profiled.ts";

const base = {
  id: "reneg-sec",
  summary: "secure renegotiation (renegotiation_info) in TLS 1.2",
  clients: '"unsafe legacy renegotiation disabled": programs with OpenSSL 3 refuse the connection.',
  servers: "A TLS library of before 2010, or a box in front of the server: update it.",
  reference: "RFC 9325 §3.5, RFC 5746",
  severity: { mta: "warning", mua: "warning", internal: "warning" },
} as const;

export const renegSec: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: profiled(({ tls12 }) => tls12),
  judge: (facts) =>
    facts.observation.profile?.tls12?.secureRenegotiation === false
      ? say(base, facts.role, {
          message: "TLS 1.2 comes without secure renegotiation, which programs with OpenSSL 3 refuse",
          hint: "update the server's TLS library, or the box in front of it that ends TLS",
        })
      : [],
};
