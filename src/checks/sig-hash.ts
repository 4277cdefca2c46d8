// No SHA-1 or MD5 in the key exchange, nor in the chain below the root (a root's own signature proves nothing and is not looked at).
import { clean } from "../domain/text.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";
import { sawLeaf } from "./seen.ts";

const base = {
  id: "sig-hash",
  summary: "no SHA-1 or MD5 signatures: in the chain below the root, nor of the key exchange",
  clients: "New programs refuse the certificate as signed weakly.",
  servers:
    "Issue it again: every CA signs with SHA-256 today. A SHA-1 certificate above it comes from an old chain: serve the one that the CA gives out now.",
  reference: "RFC 9155, RFC 9325 §4.5",
  severity: { mta: "info", mua: "fault", internal: "info" },
} as const;

const weak = /sha-?1(?!\d)|md[245](?!\d)/i;

/** OpenSSL 3 does, of every certificate below the root. */
const refused = ({ observation }: EntryFacts): boolean => observation.tls?.verifyError === "CA_MD_TOO_WEAK";

const lesser = ({ role }: Pick<EntryFacts, "role">): { readonly severity?: Severity } =>
  role === "mua" ? { severity: "warning" } : {};

export const sigHash: EntryCheck = {
  ...base,
  scope: "entry",
  applies: sawLeaf,
  judge: (facts) => [
    ...keyExchange(facts),
    ...facts.chain.flatMap((certificate, index) =>
      !weak.test(certificate.signatureAlgorithm) || (index > 0 && certificate.selfSigned)
        ? []
        : say(base, facts.role, {
            ...(refused(facts) ? {} : lesser(facts)),
            message: `${index === 0 ? "the certificate" : `the issuer ${clean(certificate.subject, 80)}`} is signed with ${clean(certificate.signatureAlgorithm, 60)}, which clients refuse${refused(facts) ? "" : " more and more"}`,
            hint: "issue it again: `mailcert renew --force` signs with SHA-256",
          }),
    ),
  ],
};

/** Of TLS 1.2, where the server could have used a better one. */
const keyExchange = ({ observation, role }: EntryFacts): readonly Finding[] => {
  const hash = observation.profile?.tls12?.signatureHash;
  return hash !== undefined && weak.test(hash)
    ? say(base, role, {
        ...lesser({ role }),
        message: `the server signs the key exchange of TLS 1.2 with ${hash} although the client offers better`,
        hint: "update the server's TLS library, or the box in front of it that ends TLS",
      })
    : [];
};
