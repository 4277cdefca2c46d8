// A chain of certificates: put in order, and what is wrong with the order in which it was given (RFC 8446 §4.4.2, RFC 5246 §7.4.2).
import { X509Certificate } from "node:crypto";
import type { CertificateFacts } from "./certificate.ts";

export interface ChainReport {
  /** Leaf first, each certificate followed by its issuer, as far as they are there; no duplicates. */
  readonly chain: readonly CertificateFacts[];
  /** The certificates were given in an order in which one does not certify the one before it. */
  readonly outOfOrder: boolean;
  /** Certificates given more than once. */
  readonly duplicates: readonly CertificateFacts[];
  /** Certificates that are no part of the leaf's chain. */
  readonly superfluous: readonly CertificateFacts[];
  /** The chain ends in a self-signed certificate. */
  readonly rootIncluded: boolean;
  /** Subject of the certificate that the chain's end needs: its issuer; undefined where the chain ends in a root. The caller knows whether it is an anchor. */
  readonly missingIssuer?: string;
}

/** Did `parent` issue `child`? Names and key identifiers agree, `parent` may sign certificates, and the signature holds. */
export const issuedBy = (child: CertificateFacts, parent: CertificateFacts): boolean => {
  // The cheap answers first: unlike key identifiers end it.
  if (
    child.authorityKeyId !== undefined &&
    parent.subjectKeyId !== undefined &&
    child.authorityKeyId !== parent.subjectKeyId
  )
    return false;
  const certificate = new X509Certificate(child.der);
  const issuer = new X509Certificate(parent.der);
  if (!certificate.checkIssued(issuer)) return false;
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A signature that this OpenSSL cannot check is none: trust is built on the answer (DANE-TA, delegates of OCSP).
    return false;
  }
};

/** The leaf among certificates in any order: one that certified no other, rather not a CA, rather the first given. */
const findLeaf = (certificates: readonly CertificateFacts[]): CertificateFacts | undefined => {
  const ends = certificates.filter((one) => !certificates.some((other) => other !== one && issuedBy(other, one)));
  return ends.find((one) => !one.isCa) ?? ends[0] ?? certificates[0];
};

const unique = (certificates: readonly CertificateFacts[]): readonly CertificateFacts[] => [
  ...new Map(certificates.map((certificate) => [certificate.sha256, certificate])).values(),
];

/** The chain in any permutation of its certificates, leaf first; what does not belong to it is left out. Empty for no certificates. */
export const sortChain = (
  certificates: readonly CertificateFacts[],
  leaf?: CertificateFacts,
): readonly CertificateFacts[] => {
  const pool = unique(certificates);
  const start = leaf ?? findLeaf(pool);
  if (start === undefined) return [];
  const chain = [start];
  for (let last = start; !last.selfSigned;) {
    const candidates = pool.filter((one) => !chain.some((seen) => seen.sha256 === one.sha256) && issuedBy(last, one));
    // A root and its cross-signed twin both certify: the longer way keeps every certificate in the chain.
    const next =
      candidates.find((one) => !one.selfSigned && candidates.length > 1 && leadsOn(one, pool)) ?? candidates[0];
    if (next === undefined) break;
    chain.push(next);
    last = next;
  }
  return chain;
};

const leadsOn = (certificate: CertificateFacts, pool: readonly CertificateFacts[]): boolean =>
  pool.some((one) => one.sha256 !== certificate.sha256 && issuedBy(certificate, one));

/** What a server sent, or a file held, judged as a chain. The first certificate is the leaf, as TLS wants it, unless it certified one of the others. */
export const examineChain = (sent: readonly CertificateFacts[]): ChainReport => {
  const pool = unique(sent);
  const first = pool[0];
  const leaf = first === undefined || pool.some((one) => one !== first && issuedBy(one, first)) ? undefined : first;
  const chain = sortChain(pool, leaf);
  const member = new Set(chain.map(({ sha256 }) => sha256));
  const position = new Map(chain.map(({ sha256 }, index) => [sha256, index]));
  const order = pool.filter(({ sha256 }) => member.has(sha256)).map(({ sha256 }) => position.get(sha256) ?? 0);
  const last = chain.at(-1);
  return {
    chain,
    outOfOrder: order.some((place, index) => place !== index),
    duplicates: sent.filter((one, index) => sent.findIndex(({ sha256 }) => sha256 === one.sha256) !== index),
    superfluous: pool.filter(({ sha256 }) => !member.has(sha256)),
    rootIncluded: last?.selfSigned === true,
    ...(last === undefined || last.selfSigned ? {} : { missingIssuer: last.issuer }),
  };
};
