// The identifier by which a CA knows a certificate in renewal information (RFC 9773 §4.1).
import { readFields } from "./certificate-fields.ts";
import { splitPem } from "./certificate.ts";
import { DerProblem, childrenOf, expectTag, readElement, tags } from "./der.ts";
import { extensions } from "./oids.ts";

/** The serial number's content octets as they stand in the DER: a leading zero belongs to them. */
const serialOctets = (der: Buffer): Buffer => {
  const [tbs] = childrenOf(expectTag(readElement(der), tags.sequence, "the certificate"));
  const [first, second] = childrenOf(expectTag(tbs, tags.sequence, "the signed part"));
  return expectTag(first?.tag === 0xa0 ? second : first, tags.integer, "the serial number").content;
};

/** The content octets of the authority key identifier's keyIdentifier. */
const authorityKeyIdentifier = (der: Buffer): Buffer | undefined => {
  const value = readFields(der).extensions.get(extensions.authorityKeyId);
  return value === undefined ? undefined : childrenOf(readElement(value)).find(({ tag }) => tag === 0x80)?.content;
};

/** `aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE`; undefined for a certificate that has none: no keyIdentifier, or not readable. `pem`: the leaf. */
export const renewalInfoId = (pem: string): string | undefined => {
  const [leaf = ""] = splitPem(pem);
  try {
    const der = Buffer.from(leaf.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
    const issuer = authorityKeyIdentifier(der);
    return issuer === undefined
      ? undefined
      : `${issuer.toString("base64url")}.${serialOctets(der).toString("base64url")}`;
  } catch (error) {
    if (error instanceof DerProblem) return undefined;
    throw error;
  }
};
