// A certificate's facts, read from its DER by node:crypto and a small DER reader.
import { type KeyObject, X509Certificate, createHash } from "node:crypto";
import {
  altNames,
  extendedKeyUsageOf,
  isCaOf,
  keyIdsOf,
  keyUsageOf,
  mustStapleOf,
  readFields,
  serviceNamesOf,
} from "./certificate-fields.ts";
import { DerProblem } from "./der.ts";
import { commonNameOf, distinguishedName } from "./distinguished-name.ts";
import { Failure } from "./failure.ts";
import { extensions } from "./oids.ts";

export type PublicKeyFacts =
  | { readonly type: "ec"; readonly curve: string }
  | { readonly type: "rsa"; readonly bits: number }
  | { readonly type: "ed25519" | "ed448" | "other" };

export interface CertificateFacts {
  readonly der: Buffer;
  readonly pem: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly sha256: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex (TLSA 3 1 1). */
  readonly spkiSha256: string;
  /** RFC 4514 style, bounded and free of control characters: `CN=mail.example.org`. Empty subject: "". */
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hex of the DER integer, without zero octets in front. */
  readonly serial: string;
  readonly commonName?: string;
  /** dNSName entries of the SAN, lower case, as foreign-name.ts writes them: fit to be shown, and equal only to what they are. */
  readonly dnsNames: readonly string[];
  /** iPAddress entries of the SAN, canonical text. */
  readonly ipNames: readonly string[];
  /** SRV-IDs of the SAN (RFC 4985), lower case: `_imaps.example.org`; absent: none. */
  readonly srvNames?: readonly string[];
  /** XMPP addresses of the SAN (RFC 6120 §13.7.1.4), lower case; absent: none. */
  readonly xmppNames?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: PublicKeyFacts;
  /** `ecdsa-with-SHA256`, `sha256WithRSAEncryption`, ...; the OID where it is not known. */
  readonly signatureAlgorithm: string;
  readonly isCa: boolean;
  /** undefined: no key usage extension. */
  readonly keyUsage?: readonly string[];
  /** `serverAuth`, `clientAuth`, ... or OIDs; undefined: no EKU extension. */
  readonly extendedKeyUsage?: readonly string[];
  /** Hex. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** Extensions whose value cannot be read, in words: what they say is taken for nothing said, or nothing allowed; absent: none. */
  readonly malformed?: readonly string[];
  /** It asks servers for a fresh OCSP answer in every handshake (RFC 7633). */
  readonly mustStaple?: true;
  /** Certificate transparency logs have signed for it: only public CAs have that done. */
  readonly logged?: true;
  /** Issuer and subject are equal and its own key verifies its signature. */
  readonly selfSigned: boolean;
}

// OpenSSL's names for the curves that TLS uses, as people and standards write them.
const curveNames: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

const publicKeyFacts = (key: KeyObject | undefined): PublicKeyFacts => {
  const curve = key?.asymmetricKeyDetails?.namedCurve;
  if (key?.asymmetricKeyType === "ec" && curve !== undefined) return { type: "ec", curve: curveNames[curve] ?? curve };
  const bits = key?.asymmetricKeyDetails?.modulusLength;
  if ((key?.asymmetricKeyType === "rsa" || key?.asymmetricKeyType === "rsa-pss") && bits !== undefined)
    return { type: "rsa", bits };
  if (key?.asymmetricKeyType === "ed25519" || key?.asymmetricKeyType === "ed448")
    return { type: key.asymmetricKeyType };
  return { type: "other" };
};

/** undefined for a key that this OpenSSL cannot load, and false for a signature that it cannot check: foreign certificates hold anything. */
const attempt = <Result>(what: () => Result): Result | undefined => {
  try {
    return what();
  } catch {
    return undefined;
  }
};

const hex = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

const factsOf = (certificate: X509Certificate): CertificateFacts => {
  const der = Buffer.from(certificate.raw);
  const fields = readFields(der);
  const key = attempt(() => certificate.publicKey);
  const commonName = commonNameOf(fields.subject);
  const malformed: string[] = [];
  /** One extension that cannot be read must not hide what the rest of the certificate says. */
  const read = <Result>(what: string, reader: () => Result, otherwise: Result): Result => {
    try {
      return reader();
    } catch (error) {
      if (!(error instanceof DerProblem)) throw error;
      malformed.push(what);
      return otherwise;
    }
  };
  const names = read("subject alternative name", () => ({ ...altNames(fields), ...serviceNamesOf(fields) }), {
    dnsNames: [],
    ipNames: [],
  });
  const keyUsage = read("key usage", () => keyUsageOf(fields), []);
  const extendedKeyUsage = read("extended key usage", () => extendedKeyUsageOf(fields), []);
  const ids = read("key identifiers", () => keyIdsOf(fields), {});
  const isCa = read("basic constraints", () => isCaOf(fields), false);
  const mustStaple = read("TLS feature", () => mustStapleOf(fields), false);
  const selfIssued = fields.subject.raw.equals(fields.issuer.raw);
  return {
    der,
    pem: certificate.toString(),
    sha256: hex(der),
    spkiSha256: hex(fields.spki),
    subject: distinguishedName(fields.subject),
    issuer: distinguishedName(fields.issuer),
    serial: fields.serial,
    ...(commonName === undefined ? {} : { commonName }),
    ...names,
    notBefore: fields.notBefore,
    notAfter: fields.notAfter,
    key: publicKeyFacts(key),
    signatureAlgorithm: fields.signatureAlgorithm,
    isCa,
    ...(keyUsage === undefined ? {} : { keyUsage }),
    ...(extendedKeyUsage === undefined ? {} : { extendedKeyUsage }),
    ...(ids.subject === undefined ? {} : { subjectKeyId: ids.subject }),
    ...(ids.authority === undefined ? {} : { authorityKeyId: ids.authority }),
    ...(malformed.length > 0 ? { malformed } : {}),
    ...(mustStaple ? { mustStaple: true } : {}),
    ...(fields.extensions.has(extensions.signedTimestamps) ? { logged: true } : {}),
    selfSigned: selfIssued && key !== undefined && attempt(() => certificate.verify(key)) === true,
  };
};

/** By their text, those asked for last: a run asks for the same few again and again, and each takes a millisecond. What it says of a text never changes. */
const recent = new Map<string, CertificateFacts>();
const mostRecent = 16;

const remember = (pem: string, facts: CertificateFacts): CertificateFacts => {
  recent.delete(pem);
  recent.set(pem, facts);
  const [oldest] = recent.keys();
  if (recent.size > mostRecent && oldest !== undefined) recent.delete(oldest);
  return facts;
};

/**
 * The facts of one certificate: DER, or PEM (the first certificate in it).
 * @throws Failure `data` for anything that is not a readable X.509 certificate.
 */
export const readCertificate = (source: string | Uint8Array): CertificateFacts => {
  const refuse = (why: string, cause?: unknown): Failure =>
    new Failure("data", `not a readable X.509 certificate: ${why}`, cause === undefined ? {} : { cause });
  const first = typeof source === "string" ? splitPem(source)[0] : source;
  if (first === undefined) throw refuse("there is no PEM certificate in it");
  const before = typeof first === "string" ? recent.get(first) : undefined;
  if (typeof first === "string" && before !== undefined) return remember(first, before);
  const certificate = attempt(() => new X509Certificate(first));
  if (certificate === undefined) throw refuse("it cannot be parsed");
  try {
    const facts = factsOf(certificate);
    return typeof first === "string" ? remember(first, facts) : facts;
  } catch (error) {
    if (error instanceof DerProblem) throw refuse(error.message, error);
    throw error;
  }
};

/** The PEM certificates of a text, in order, each with its line break; keys and prose between them are left out. */
export const splitPem = (text: string): string[] =>
  Array.from(
    text.matchAll(/-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]*?-----END CERTIFICATE-----/g),
    ([block]) => `${block.replace(/\r/g, "")}\n`,
  );

/** For people: the common name, or the whole subject. */
export const titleOf = ({ commonName, subject }: Pick<CertificateFacts, "commonName" | "subject">): string =>
  commonName ?? subject;
