// No SHA-1 or MD5 in the chain below the root (a root's own signature proves nothing and is not looked at).
import { clean } from "../domain/text.ts";
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "sig-hash",
  summary: "no SHA-1 or MD5 signatures in the chain below the root",
  clients: "New programs refuse the certificate as signed weakly.",
  servers:
    "Issue it again: every CA signs with SHA-256 today. A SHA-1 certificate above it comes from an old chain: serve the one that the CA gives out now.",
  reference: "RFC 9155, RFC 9325 §4.5",
  severity: { mta: "info", mua: "warning", internal: "info" },
} as const;

const weak = /sha-?1(?!\d)|md[245](?!\d)/i;

export const sigHash: EntryCheck = {
  ...base,
  scope: "entry",
  judge: (facts) =>
    facts.chain.flatMap((certificate, index) =>
      !weak.test(certificate.signatureAlgorithm) || (index > 0 && certificate.selfSigned)
        ? []
        : say(base, facts.role, {
            message: `${index === 0 ? "the certificate" : `the issuer ${clean(certificate.subject, 80)}`} is signed with ${clean(certificate.signatureAlgorithm, 60)}, which clients refuse more and more`,
            hint: "issue it again: `mailcert renew --force` signs with SHA-256",
          }),
    ),
};
