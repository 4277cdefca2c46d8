// PKCS#12 (RFC 7292): a private key with its certificates, or certificates alone, behind a password.
import { type KeyObject, createHash } from "node:crypto";
import { readCertificate } from "../domain/certificate.ts";
import { readPrivateKey } from "../domain/private-key.ts";
import { bmpString, explicit, integer, octetString, oid, sequence, setOf } from "./asn1.ts";
import {
  type Encrypt,
  type Hash,
  type PasswordUse,
  type Random,
  encryptFor3Des,
  encryptForAes,
  encryptedContent,
  encryptedKey,
  macData,
} from "./pbe.ts";

const ids = {
  data: "1.2.840.113549.1.7.1",
  encryptedData: "1.2.840.113549.1.7.6",
  shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
} as const;

/** `compatible`: 3DES and SHA-1, read by every system there is. `modern`: AES-256 and SHA-256, which some macOS, Android before 16 and Windows before 2019 do not read. */
export type Form = "compatible" | "modern";

const forms: Readonly<Record<Form, { readonly encrypt: (use: PasswordUse) => Encrypt; readonly mac: Hash }>> = {
  compatible: { encrypt: encryptFor3Des, mac: "sha1" },
  modern: { encrypt: encryptForAes, mac: "sha256" },
};

const attribute = (id: string, value: Uint8Array): Buffer => sequence(oid(id), setOf(value));

export const friendlyName = (name: string): Buffer => attribute(ids.friendlyName, bmpString(name));

const bag = (id: string, value: Buffer, attributes: readonly Buffer[]): Buffer =>
  sequence(oid(id), explicit(0, value), ...(attributes.length === 0 ? [] : [setOf(...attributes)]));

/** A certificate in DER with what is said of it. */
export const certificateBag = (certificate: Uint8Array, ...attributes: readonly Buffer[]): Buffer =>
  bag(ids.certBag, sequence(oid(ids.x509Certificate), explicit(0, octetString(certificate))), attributes);

/** AuthenticatedSafe's parts: what is encrypted as a whole, and what is so already. */
const encryptedPart = (encrypt: Encrypt, bags: readonly Buffer[]): Buffer =>
  sequence(oid(ids.encryptedData), explicit(0, sequence(integer(0), encryptedContent(encrypt, sequence(...bags)))));
const plainPart = (content: Uint8Array): Buffer => sequence(oid(ids.data), explicit(0, octetString(content)));

const whole = (parts: readonly Buffer[], mac: Hash, use: PasswordUse): Buffer => {
  const content = sequence(...parts);
  return sequence(integer(3), plainPart(content), macData(mac, use, content));
};

/** Certificates alone, in the modern form. */
export const writeCertificates = (bags: readonly Buffer[], use: PasswordUse): Buffer =>
  whole([encryptedPart(encryptForAes(use), bags)], "sha256", use);

export interface Identity {
  /** Of any kind that certificates have; or its PKCS#8 PEM. */
  readonly key: KeyObject | string;
  /** PEM. */
  readonly leaf: string;
  /** PEM, what leads from the leaf to its root. */
  readonly chain: readonly string[];
  /** Not empty: systems differ in what an empty one is. ASCII is what all of them type alike. */
  readonly password: string;
  /** What stores list it by. */
  readonly friendlyName: string;
  readonly form: Form;
  readonly random: Random;
}

/** What readers that know 3DES alone get along with, and ten times what Java writes: .NET reads up to 300,000 a part and a million in all, and there are three. */
const iterations: Readonly<Record<Form, number>> = { compatible: 2048, modern: 100_000 };

/** A client identity (`.p12`), to be written to files that its owner alone can read. @throws Failure `data` for a key or certificate that cannot be read. */
export const writePkcs12 = ({ key, leaf, chain, password, friendlyName: name, form, random }: Identity): Uint8Array => {
  if (password === "") throw new TypeError("a PKCS#12 file needs a password");
  const use: PasswordUse = { password, iterations: iterations[form], random };
  const encrypt = forms[form].encrypt(use);
  const pkcs8 = (typeof key === "string" ? readPrivateKey(key) : key).export({ type: "pkcs8", format: "der" });
  const own = readCertificate(leaf).der;
  // By the same id in both, readers know whose key it is.
  const about = [friendlyName(name), attribute(ids.localKeyId, octetString(createHash("sha1").update(own).digest()))];
  const certificates = [certificateBag(own, ...about), ...chain.map((pem) => certificateBag(readCertificate(pem).der))];
  const keys = sequence(bag(ids.shroudedKeyBag, encryptedKey(encrypt, pkcs8), about));
  return whole([encryptedPart(encrypt, certificates), plainPart(keys)], forms[form].mac, use);
};
