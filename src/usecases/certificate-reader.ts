// Reads certificates once: all ports of a host show the same ones, and thousands of hosts the same intermediates.
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import { sha256Hex } from "../domain/fingerprint.ts";

/** undefined: it cannot be read. */
export type ReadDer = (der: Buffer) => CertificateFacts | undefined;

/** Facts of the last so many certificates are kept: a few kilobytes each. */
const usualMost = 512;

export const createCertificateReader = (most = usualMost): ReadDer => {
  const known = new Map<string, CertificateFacts | undefined>();
  return (der) => {
    const key = sha256Hex(der);
    if (known.has(key)) return known.get(key);
    const facts = attempt(der);
    const [oldest] = known.keys();
    if (known.size >= most && oldest !== undefined) known.delete(oldest);
    known.set(key, facts);
    return facts;
  };
};

const attempt = (der: Buffer): CertificateFacts | undefined => {
  try {
    return readCertificate(der);
  } catch {
    return undefined;
  }
};
