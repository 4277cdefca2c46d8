// Whether a chain leads to one of a set of anchors: for deciding, not for judging what clients do (the probe asks OpenSSL for that).
import { X509Certificate } from "node:crypto";

const tryRead = (pem: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
};

const valid = (certificate: X509Certificate, now: Date): boolean =>
  Date.parse(certificate.validFrom) <= now.getTime() && now.getTime() < Date.parse(certificate.validTo);

/** `chain` is PEM, leaf first; each must be issued and signed by the next, the last by an anchor (or be one). */
export const leadsTo = (chain: readonly string[], anchors: readonly string[], now: Date): boolean => {
  const path = chain.map(tryRead);
  if (path.length === 0 || path.some((certificate) => !certificate || !valid(certificate, now))) return false;
  const roots = anchors.map(tryRead).filter((root) => root !== undefined);
  for (const [index, certificate] of path.entries()) {
    if (!certificate) return false;
    const anchored = roots.some(
      (root) =>
        (root.fingerprint256 === certificate.fingerprint256 ||
          (certificate.checkIssued(root) && certificate.verify(root.publicKey))) &&
        valid(root, now),
    );
    if (anchored) return true;
    const next = path[index + 1];
    if (!next || !certificate.checkIssued(next) || !next.ca || !certificate.verify(next.publicKey)) return false;
  }
  return false;
};
