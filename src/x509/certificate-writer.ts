// What every certificate that we write has in common: serial, validity in whole seconds, key identifiers, signature.
import { createHash } from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  type Extension,
  Name,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { childrenOf, expectTag, readElement, tags } from "../domain/der.ts";
import { type Random, randomSerial } from "./random.ts";
import type { SigningKey } from "./signing-key.ts";

export interface Attributes {
  readonly commonName?: string;
  readonly organization?: string;
}

/** UTF8String throughout (RFC 5280 §4.1.2.4); a `*` or an `@` would not fit a PrintableString. */
export const nameOf = ({ commonName, organization }: Attributes): Name =>
  new Name([
    ...(organization === undefined ? [] : [{ O: [{ utf8String: organization }] }]),
    ...(commonName === undefined ? [] : [{ CN: [{ utf8String: commonName }] }]),
  ]);

export interface Writing {
  readonly subject: Name;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly issuer: Name;
  /** Hex; as the issuer's own subject key identifier says it (RFC 5280 §4.2.1.1). */
  readonly authorityKeyId: string;
  readonly signer: SigningKey;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Extension[];
  readonly random: Random;
}

/** Subject key identifier, hex: SHA-1 of the key's bits (RFC 5280 §4.2.1.2 method 1), a label and not a protection. */
export const keyIdOf = (spki: Buffer): string => {
  const bits = expectTag(childrenOf(readElement(spki))[1], tags.bitString, "the key");
  // The first octet counts unused bits: there are none.
  return createHash("sha1").update(bits.content.subarray(1)).digest("hex");
};

export const writeCertificate = async (what: Writing): Promise<X509Certificate> =>
  X509CertificateGenerator.create({
    serialNumber: randomSerial(what.random),
    subject: what.subject,
    issuer: what.issuer,
    notBefore: what.notBefore,
    notAfter: what.notAfter,
    publicKey: what.spki,
    signingKey: what.signer.privateKey,
    signingAlgorithm: what.signer.algorithm,
    extensions: [
      ...what.extensions,
      new SubjectKeyIdentifierExtension(keyIdOf(what.spki)),
      new AuthorityKeyIdentifierExtension(what.authorityKeyId),
    ],
  });

/** A CA's own subject key identifier, however it was made (RFC 5280 §4.2.1.1). */
export const subjectKeyIdOf = (ca: X509Certificate): string =>
  ca.getExtension(SubjectKeyIdentifierExtension)?.keyId ?? keyIdOf(Buffer.from(ca.publicKey.rawData));

/** PEM with its final line break. */
export const pemOf = (certificate: X509Certificate): string => `${certificate.toString("pem").trim()}\n`;
