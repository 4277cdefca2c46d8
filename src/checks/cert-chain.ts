// The chain as sent: leaf first, each followed by its issuer, nothing missing, nothing twice.
import type { CertificateFacts } from "../domain/certificate.ts";
import type { EntryCheck } from "./check.ts";
import { say, settingFor } from "./finding.ts";
import { otherServersWords } from "./other-servers.ts";
import { sawLeaf } from "./seen.ts";

const base = {
  id: "cert-chain",
  summary: "the chain is sent in order, complete and without duplicates",
  clients:
    "Some programs complain and others do not: those that have seen the missing certificate elsewhere are content.",
  servers: `Serve the whole chain, leaf first: \`fullchain.pem\` in Dovecot, \`combined.pem\` in Postfix's \`smtpd_tls_chain_files\`. \`mailcert deploy\` does. ${otherServersWords}`,
  reference: "RFC 8446 §4.4.2, RFC 5246 §7.4.2",
  severity: { mta: "warning", mua: "fault", internal: "warning" },
} as const;

const issuedBy = (certificate: CertificateFacts, issuer: CertificateFacts): boolean =>
  certificate.issuer === issuer.subject &&
  (certificate.authorityKeyId === undefined ||
    issuer.subjectKeyId === undefined ||
    certificate.authorityKeyId === issuer.subjectKeyId);

/** What is wrong with the order, in words; undefined: nothing. */
const disorder = (chain: readonly CertificateFacts[]): string | undefined => {
  const seen = new Set<string>();
  for (const certificate of chain) {
    if (seen.has(certificate.sha256)) return `${certificate.subject || "a certificate"} is sent twice`;
    seen.add(certificate.sha256);
  }
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (!next || issuedBy(certificate, next)) continue;
    const elsewhere = chain.some((other) => other !== certificate && issuedBy(certificate, other));
    if (certificate.selfSigned) return `${next.subject || "a certificate"} follows behind the root`;
    return elsewhere
      ? `the certificates are not in order: ${certificate.subject || "the leaf"} is not followed by its issuer`
      : next.subject === certificate.issuer
        ? `${next.subject} is sent with another key than the issuer of that name has`
        : `${next.subject || "a certificate"} is sent where ${certificate.issuer || "the issuer"} should be`;
  }
  return undefined;
};

/** OpenSSL's words for "an issuer is missing". */
const incomplete: readonly string[] = [
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

export const certChain: EntryCheck = {
  ...base,
  scope: "entry",
  applies: sawLeaf,
  judge: (facts) => {
    const { chain } = facts;
    const leaf = chain[0];
    if (!leaf) return [];
    const serveAll = settingFor(
      facts,
      "let ssl_cert (2.4: ssl_server_cert_file) name the full chain (fullchain.pem), then `doveadm reload`",
      "let smtpd_tls_chain_files name key and full chain (combined.pem), then `postfix reload`",
      "chain",
    );
    const wrong = disorder(chain);
    // Clients sort a chain that is complete; one that does not reach a root leaves them nothing to sort.
    const broken = incomplete.includes(facts.observation.tls?.verifyError ?? "");
    if (wrong !== undefined) {
      return say(base, facts.role, {
        ...(broken ? {} : { severity: "warning" as const }),
        message: wrong,
        hint: `the file must hold the leaf first, then each certificate's issuer, once each. ${serveAll}`,
      });
    }
    if (broken && chain.length === 1 && !leaf.selfSigned) {
      return say(base, facts.role, {
        message: `only the leaf is sent; its issuer ${leaf.issuer || "(unnamed)"} is missing`,
        hint: serveAll,
      });
    }
    return [];
  },
};
