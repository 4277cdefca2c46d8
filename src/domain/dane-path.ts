// The way from a leaf to a trust anchor that DNS names (DANE-TA, RFC 7671 §5.2): it has to be served, and each certificate on it signed by the next.
import { type CertificateFacts, readCertificate } from "./certificate.ts";
import { issuedBy } from "./chain.ts";

/** Each certificate is looked at once, whoever signed whom: a hostile chain costs no more than its length squared. */
const waysUp = (
  leaf: CertificateFacts,
  issuers: readonly CertificateFacts[],
): ReadonlyMap<CertificateFacts, CertificateFacts | undefined> => {
  const cameFrom = new Map<CertificateFacts, CertificateFacts | undefined>([[leaf, undefined]]);
  // A Map that grows is walked to its end.
  for (const child of cameFrom.keys())
    for (const parent of issuers)
      if (!cameFrom.has(parent) && parent.isCa && issuedBy(child, parent)) cameFrom.set(parent, child);
  return cameFrom;
};

/**
 * `chain` is DER as served, leaf first. The certificates from the leaf to the closest one that `isAnchor` takes, which is none but an
 * issuer; undefined: there is no such way. @throws Failure `data`
 */
export const pathToAnchor = (
  chain: readonly Uint8Array[],
  isAnchor: (certificate: Uint8Array) => boolean,
): readonly CertificateFacts[] | undefined => {
  const [leaf, ...issuers] = chain;
  const anchors = new Set(issuers.filter(isAnchor));
  if (leaf === undefined || anchors.size === 0) return undefined;
  const read = new Map(issuers.map((der) => [readCertificate(Buffer.from(der)), der]));
  const cameFrom = waysUp(readCertificate(Buffer.from(leaf)), [...read.keys()]);
  for (const end of cameFrom.keys()) {
    const der = read.get(end);
    if (der === undefined || !anchors.has(der)) continue;
    const path: CertificateFacts[] = [];
    for (let at: CertificateFacts | undefined = end; at !== undefined; at = cameFrom.get(at)) path.unshift(at);
    return path;
  }
  return undefined;
};
