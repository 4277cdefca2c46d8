// DER as PKCS#7 and PKCS#12 need it written (ITU-T X.690): one function for each type. Elements go in and come out as bytes, so that a certificate stays as it was signed.
import { tags, writeElement } from "../domain/der.ts";

const encodings = (parts: readonly Uint8Array[]): readonly Uint8Array[] =>
  parts.toSorted((one, other) => Buffer.compare(one, other));

export const sequence = (...parts: readonly Uint8Array[]): Buffer => writeElement(tags.sequence, ...parts);

/** SET OF, in the one order that DER knows (X.690 §11.6). */
export const setOf = (...parts: readonly Uint8Array[]): Buffer => writeElement(tags.set, ...encodings(parts));

/** `[number] EXPLICIT`. */
export const explicit = (number: number, part: Uint8Array): Buffer => writeElement(0xa0 | number, part);

/** `[number] IMPLICIT SET OF`. */
export const implicitSetOf = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  writeElement(0xa0 | number, ...encodings(parts));

/** `[number] IMPLICIT OCTET STRING`. */
export const implicitOctets = (number: number, octets: Uint8Array): Buffer => writeElement(0x80 | number, octets);

export const octetString = (octets: Uint8Array): Buffer => writeElement(tags.octetString, octets);

export const nothing = writeElement(0x05);

/** A number that is not negative, below 2^31. */
export const integer = (value: number): Buffer => {
  const octets = Buffer.alloc(5);
  octets.writeUInt32BE(value, 1);
  // The shortest form that does not read as a negative number (X.690 §8.3.2).
  let start = 0;
  while (start < 4 && octets[start] === 0 && (octets[start + 1] ?? 0) < 0x80) start += 1;
  return writeElement(tags.integer, octets.subarray(start));
};

const base128 = (arc: number): readonly number[] => {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift((rest % 128) | 0x80);
  return octets;
};

/** From `1.2.840.113549.1.7.1`. */
export const oid = (dotted: string): Buffer => {
  const [top = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return writeElement(tags.oid, Buffer.from([top * 40 + second, ...rest].flatMap(base128)));
};

/** UTCTime until 2049, then GeneralizedTime, as CMS wants its times (RFC 5652 §11.3). */
export const time = (date: Date): Buffer => {
  const digits = `${date.toISOString().replaceAll(/[-:T]|\.\d+Z/g, "")}Z`;
  const short = date.getUTCFullYear() < 2050;
  return writeElement(short ? tags.utcTime : tags.generalizedTime, Buffer.from(short ? digits.slice(2) : digits));
};

/** UTF-16, big end first: what PKCS#12 has its names and passwords in. */
export const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

export const bmpString = (text: string): Buffer => writeElement(0x1e, utf16(text));

/** AlgorithmIdentifier (RFC 5280 §4.1.1.2); the parameters are left out where none are given. */
export const algorithm = (id: string, ...parameters: readonly Uint8Array[]): Buffer => sequence(oid(id), ...parameters);
