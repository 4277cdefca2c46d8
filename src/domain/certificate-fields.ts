// The fields of a certificate's DER (RFC 5280 §4.1), without any judgement.
import {
  type DerElement,
  DerProblem,
  childrenOf,
  expectTag,
  readBits,
  readElement,
  readOid,
  readString,
  readTime,
  tags,
} from "./der.ts";
import { foreignName } from "./foreign-name.ts";
import { ipFromOctets } from "./ip.ts";
import { extendedKeyUsages, extensions, hashes, keyUsages, otherNames, signatureAlgorithms } from "./oids.ts";
import { clean } from "./text.ts";
import { plainSerial } from "./serial-number.ts";

export interface CertificateFields {
  readonly serial: string;
  readonly issuer: DerElement;
  readonly subject: DerElement;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Buffer;
  readonly signatureAlgorithm: string;
  /** Extension values (the OCTET STRING's content) by OID. */
  readonly extensions: ReadonlyMap<string, Buffer>;
}

const algorithmName = (element: DerElement | undefined): string => {
  const [oid, parameters] = childrenOf(expectTag(element, tags.sequence, "the signature algorithm"));
  const id = readOid(expectTag(oid, tags.oid, "the signature algorithm"));
  const name = signatureAlgorithms[id] ?? id;
  if (name !== "RSASSA-PSS") return name;
  // RFC 4055 §3.1: the hash is SHA-1 where none is named.
  const tagged =
    parameters?.tag === tags.sequence ? childrenOf(parameters).find((part) => part.tag === 0xa0) : undefined;
  const hash = tagged === undefined ? undefined : childrenOf(readElement(tagged.content))[0];
  const hashId = hash === undefined ? "1.3.14.3.2.26" : readOid(hash);
  return `RSASSA-PSS-${hashes[hashId] ?? hashId}`;
};

const readExtensions = (wrapper: DerElement | undefined): ReadonlyMap<string, Buffer> => {
  const found = new Map<string, Buffer>();
  if (wrapper === undefined) return found;
  for (const extension of childrenOf(readElement(wrapper.content))) {
    const parts = childrenOf(extension);
    const id = readOid(expectTag(parts[0], tags.oid, "an extension"));
    found.set(id, expectTag(parts.at(-1), tags.octetString, "an extension's value").content);
  }
  return found;
};

/** @throws DerProblem */
export const readFields = (der: Buffer): CertificateFields => {
  const [tbs, algorithm] = childrenOf(expectTag(readElement(der), tags.sequence, "the certificate"));
  const parts = [...childrenOf(expectTag(tbs, tags.sequence, "the signed part"))];
  if (parts[0]?.tag === 0xa0) parts.shift(); // version
  const [serial, , issuer, validity, subject, spki] = parts;
  const [notBefore, notAfter] = childrenOf(expectTag(validity, tags.sequence, "the validity"));
  return {
    serial: plainSerial(expectTag(serial, tags.integer, "the serial number").content.toString("hex")),
    issuer: expectTag(issuer, tags.sequence, "the issuer"),
    subject: expectTag(subject, tags.sequence, "the subject"),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    spki: expectTag(spki, tags.sequence, "the public key").raw,
    signatureAlgorithm: algorithmName(algorithm),
    extensions: readExtensions(parts.slice(6).find((part) => part.tag === 0xa3)),
  };
};

/** dNSName and iPAddress entries of the SAN (RFC 5280 §4.2.1.6). */
export const altNames = (
  fields: CertificateFields,
): { readonly dnsNames: readonly string[]; readonly ipNames: readonly string[] } => {
  const value = fields.extensions.get(extensions.subjectAltName);
  const entries = value === undefined ? [] : childrenOf(readElement(value));
  return {
    dnsNames: entries
      .filter((entry) => entry.tag === 0x82)
      .map((entry) => foreignName(entry.content.toString("latin1").toLowerCase())),
    ipNames: entries.filter((entry) => entry.tag === 0x87).flatMap((entry) => ipFromOctets(entry.content) ?? []),
  };
};

/** `[0] { type-id, [0] { value } }`, where the value is a string of some kind; anything else is nobody's name. */
const otherName = (entry: DerElement): readonly [type: string, text: string] | undefined => {
  try {
    const [type, wrapper] = childrenOf(entry);
    if (type?.tag !== tags.oid || wrapper?.tag !== 0xa0) return undefined;
    const text = readString(readElement(wrapper.content));
    if (text === undefined) return undefined;
    const name = text.toLowerCase();
    // Those of XMPP may be in letters of any script; what cleaning would change is shown as what it is, and stands for nobody.
    return [readOid(type), clean(name, 300) === name ? name : foreignName(name)];
  } catch (error) {
    // TLS libraries pass over what they do not look for: what is broken there does not make the certificate unreadable.
    if (error instanceof DerProblem) return undefined;
    throw error;
  }
};

/** Names of services in the SAN: SRV-ID (RFC 4985: `_imaps.example.org`) and XmppAddr (RFC 6120 §13.7.1.4: a domain, or an address). Absent where there are none. */
export const serviceNamesOf = (
  fields: CertificateFields,
): { readonly srvNames?: readonly string[]; readonly xmppNames?: readonly string[] } => {
  const value = fields.extensions.get(extensions.subjectAltName);
  const entries = value === undefined ? [] : childrenOf(readElement(value));
  const found = entries.filter(({ tag }) => tag === 0xa0).map(otherName);
  const of = (wanted: string): readonly string[] => found.flatMap((one) => (one?.[0] === wanted ? [one[1]] : []));
  const [srvNames, xmppNames] = [of(otherNames.dnsSrv), of(otherNames.xmppAddress)];
  return { ...(srvNames.length > 0 ? { srvNames } : {}), ...(xmppNames.length > 0 ? { xmppNames } : {}) };
};

/** TLS feature 5 (status_request): "must staple" (RFC 7633 §4.2.3). */
export const mustStapleOf = (fields: CertificateFields): boolean => {
  const value = fields.extensions.get(extensions.tlsFeature);
  return (
    value !== undefined &&
    childrenOf(readElement(value)).some(({ tag, content }) => tag === tags.integer && content.equals(statusRequest))
  );
};

const statusRequest = Buffer.from([5]);

export const isCaOf = (fields: CertificateFields): boolean => {
  const value = fields.extensions.get(extensions.basicConstraints);
  const flag = value === undefined ? undefined : childrenOf(readElement(value))[0];
  return flag?.tag === tags.boolean && flag.content[0] !== 0;
};

/** How many CAs may stand between it and a leaf (RFC 5280 §4.2.1.9); undefined: any number. @throws DerProblem */
export const pathLengthOf = (fields: CertificateFields): number | undefined => {
  const value = fields.extensions.get(extensions.basicConstraints);
  const length =
    value === undefined ? undefined : childrenOf(readElement(value)).find(({ tag }) => tag === tags.integer);
  // A number of more than four octets allows whatever comes.
  return length === undefined || length.content.length === 0 || length.content.length > 4
    ? undefined
    : length.content.readUIntBE(0, length.content.length);
};

export const keyUsageOf = (fields: CertificateFields): readonly string[] | undefined => {
  const value = fields.extensions.get(extensions.keyUsage);
  return value === undefined ? undefined : readBits(readElement(value)).map((bit) => keyUsages[bit] ?? `bit ${bit}`);
};

export const extendedKeyUsageOf = (fields: CertificateFields): readonly string[] | undefined => {
  const value = fields.extensions.get(extensions.extendedKeyUsage);
  return value === undefined
    ? undefined
    : childrenOf(readElement(value)).map((entry) => extendedKeyUsages[readOid(entry)] ?? readOid(entry));
};

export const keyIdsOf = (fields: CertificateFields): { readonly subject?: string; readonly authority?: string } => {
  const subject = fields.extensions.get(extensions.subjectKeyId);
  const authority = fields.extensions.get(extensions.authorityKeyId);
  const keyId =
    authority === undefined ? undefined : childrenOf(readElement(authority)).find((part) => part.tag === 0x80);
  return {
    ...(subject === undefined ? {} : { subject: readElement(subject).content.toString("hex") }),
    ...(keyId === undefined ? {} : { authority: keyId.content.toString("hex") }),
  };
};
