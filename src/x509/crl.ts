// Lists of revoked certificates (RFC 5280 §5): version 2, with the list's number and the key that signed it. Written octet by octet: no package is loaded when a timer runs.
import { createPublicKey, sign } from "node:crypto";
import { readCertificate } from "../domain/certificate.ts";
import { readFields } from "../domain/certificate-fields.ts";
import { tags, writeElement } from "../domain/der.ts";
import { Failure } from "../domain/failure.ts";
import { readPrivateKey } from "../domain/private-key.ts";
import { plainSerial } from "../domain/serial-number.ts";

export interface CrlEntry {
  /** Hex. */
  readonly serial: string;
  readonly at: Date;
  /** RFC 5280 §5.3.1; 0 (unspecified) is not written, as that section asks. */
  readonly reason: number;
}

export interface CrlParameters {
  /** The CA's certificate and its key, PEM. */
  readonly by: { readonly certificate: string; readonly privateKey: string };
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Higher than that of every list before it. */
  readonly number: bigint;
  readonly entries: readonly CrlEntry[];
}

const oid = (hex: string): Buffer => writeElement(tags.oid, Buffer.from(hex, "hex"));
const sequence = (...parts: readonly Uint8Array[]): Buffer => writeElement(tags.sequence, ...parts);

/** Positive and as short as can be: an octet of zeros stands in front only where the first bit is set. */
const integer = (hex: string): Buffer => {
  const plain = plainSerial(hex);
  const even = plain.length % 2 === 0 ? plain : `0${plain}`;
  const octets = Buffer.from(even, "hex");
  return writeElement(tags.integer, (octets[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets);
};

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §5.1.2.4). */
const time = (date: Date): Buffer => {
  const text = `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
  const utc = date.getUTCFullYear() < 2050;
  return writeElement(utc ? tags.utcTime : tags.generalizedTime, Buffer.from(utc ? text.slice(2) : text, "latin1"));
};

const extension = (id: string, value: Uint8Array): Buffer => sequence(oid(id), writeElement(tags.octetString, value));

const reasonCode = "551d15";
const crlNumber = "551d14";
const authorityKeyId = "551d23";
const enumerated = 0x0a;

const entryOf = ({ serial, at, reason }: CrlEntry): Buffer =>
  sequence(
    integer(serial),
    time(at),
    ...(reason === 0 ? [] : [sequence(extension(reasonCode, writeElement(enumerated, Buffer.of(reason))))]),
  );

const ecdsa = { sha256: oid("2a8648ce3d040302"), sha384: oid("2a8648ce3d040303") } as const;
const rsaSha256 = [oid("2a864886f70d01010b"), writeElement(0x05)] as const;

/** As with the CA's certificates (signing-key.ts). */
const signatureOf = (privateKey: string): { readonly algorithm: Buffer; readonly signed: (data: Buffer) => Buffer } => {
  const key = readPrivateKey(privateKey);
  const hash = key.asymmetricKeyDetails?.namedCurve === "secp384r1" ? "sha384" : "sha256";
  const algorithm = key.asymmetricKeyType === "rsa" ? sequence(...rsaSha256) : sequence(ecdsa[hash]);
  return { algorithm, signed: (data) => sign(hash, data, key) };
};

/** Text of a PEM block. */
const pemText = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END ${label}-----\n`;

/** PEM. @throws Failure `data` where the key is not the certificate's. */
export const makeCrl = ({ by, thisUpdate, nextUpdate, number, entries }: CrlParameters): string => {
  const { der, subjectKeyId = "" } = readCertificate(by.certificate);
  const { subject, spki } = readFields(der);
  const own = createPublicKey(readPrivateKey(by.privateKey)).export({ type: "spki", format: "der" });
  if (!own.equals(spki)) throw new Failure("data", "the CA's key does not belong to its certificate");
  const { algorithm, signed } = signatureOf(by.privateKey);
  const list = sequence(
    integer("01"),
    algorithm,
    subject.raw,
    time(thisUpdate),
    time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries.map(entryOf))]),
    writeElement(
      0xa0,
      sequence(
        extension(authorityKeyId, sequence(writeElement(0x80, Buffer.from(subjectKeyId, "hex")))),
        extension(crlNumber, integer(number.toString(16))),
      ),
    ),
  );
  const signature = writeElement(tags.bitString, Buffer.of(0), signed(list));
  return pemText("X509 CRL", sequence(list, algorithm, signature));
};
