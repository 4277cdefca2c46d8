// CMS SignedData (RFC 5652 §5): certificates alone, as `.p7b` has them, or bytes with a signature around them.
import { type KeyObject, createHash, sign } from "node:crypto";
import { childrenOf, expectTag, readElement, tags } from "../domain/der.ts";
import {
  algorithm,
  explicit,
  implicitSetOf,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  setOf,
  time,
} from "./asn1.ts";

const ids = {
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  sha256: "2.16.840.1.101.3.4.2.1",
  rsaEncryption: "1.2.840.113549.1.1.1",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
} as const;

/** `version` 1: X.509 certificates only, and signers named by issuer and serial number (§5.1). */
const signedData = (digests: Buffer, content: Buffer, certificates: readonly Uint8Array[], signers: Buffer): Buffer =>
  sequence(
    oid(ids.signedData),
    explicit(0, sequence(integer(1), digests, content, implicitSetOf(0, ...certificates), signers)),
  );

/** A "degenerate" SignedData: nobody signs nothing, and the certificates come along (§5.2.2). @param certificates DER */
export const certificatesOnly = (certificates: readonly Uint8Array[]): Buffer =>
  signedData(setOf(), sequence(oid(ids.data)), certificates, setOf());

/** Issuer and serial number, byte for byte as the certificate has them. */
const signerId = (certificate: Buffer): Buffer => {
  const [signed] = childrenOf(readElement(certificate));
  const [version, ...parts] = childrenOf(expectTag(signed, tags.sequence, "the signed part"));
  const [serial, , issuer] = version?.tag === 0xa0 ? parts : [version, ...parts];
  return sequence(
    expectTag(issuer, tags.sequence, "the issuer").raw,
    expectTag(serial, tags.integer, "the serial number").raw,
  );
};

const attribute = (id: string, value: Buffer): Buffer => sequence(oid(id), setOf(value));

/** RFC 8017's PKCS #1 v1.5 with the hash named beside it (RFC 3370 §3.2), ECDSA with its hash (RFC 5753 §2.1.1). */
const signatureAlgorithm = (key: KeyObject): Buffer => {
  if (key.asymmetricKeyType === "rsa") return algorithm(ids.rsaEncryption, nothing);
  if (key.asymmetricKeyType === "ec") return algorithm(ids.ecdsaWithSha256);
  throw new TypeError(`no CMS signature by a key of the kind ${String(key.asymmetricKeyType)}`);
};

export interface CmsSigning {
  readonly content: Uint8Array;
  /** DER, the signer's own first, then what leads to its root. */
  readonly certificates: readonly Buffer[];
  /** EC or RSA; of the first certificate. */
  readonly key: KeyObject;
  readonly now: Date;
}

/** Attached and in DER, with SHA-256: what Apple's devices and `openssl smime` read. @throws TypeError for a key of another kind. */
export const signCms = ({ content, certificates, key, now }: CmsSigning): Buffer => {
  const [own] = certificates;
  if (own === undefined) throw new TypeError("a signature needs its certificate");
  const [digest, algorithmOfKey] = [algorithm(ids.sha256), signatureAlgorithm(key)];
  const attributes = [
    attribute(ids.contentType, oid(ids.data)),
    attribute(ids.signingTime, time(now)),
    attribute(ids.messageDigest, octetString(createHash("sha256").update(content).digest())),
  ];
  // Signed as a SET, sent as [0] (§5.4).
  const signature = sign("sha256", setOf(...attributes), key);
  const signer = sequence(
    integer(1),
    signerId(own),
    digest,
    implicitSetOf(0, ...attributes),
    algorithmOfKey,
    octetString(signature),
  );
  const attached = sequence(oid(ids.data), explicit(0, octetString(content)));
  return signedData(setOf(digest), attached, certificates, setOf(signer));
};
