// A small DER reader: elements with bounds checked, object identifiers, times, strings (ITU-T X.690). And as much writing as our own extensions need.

/** Thrown for bytes that are not DER; callers turn it into a Failure that says what was being read. */
export class DerProblem extends Error {}

export interface DerElement {
  /** The identifier octet, e.g. 0x30 for SEQUENCE. */
  readonly tag: number;
  readonly content: Buffer;
  /** Identifier, length and content. */
  readonly raw: Buffer;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The element at `offset`. One-octet tags and definite lengths only: X.509 needs no others. */
export const readElement = (data: Buffer, offset = 0): DerElement => {
  const tag = data[offset];
  const first = data[offset + 1];
  if (tag === undefined || first === undefined) throw new DerProblem("it ends in the middle of an element");
  if ((tag & 0x1f) === 0x1f) throw new DerProblem("it has a tag of several octets");
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerProblem("it has a length that DER does not allow");
    if (start + count > data.length) throw new DerProblem("it ends in the middle of a length");
    length = data.readUIntBE(start, count);
    start += count;
  }
  if (length > data.length - start) throw new DerProblem("an element reaches beyond its end");
  return { tag, content: data.subarray(start, start + length), raw: data.subarray(offset, start + length) };
};

/** The elements inside a constructed one. */
export const childrenOf = (element: Pick<DerElement, "content">): readonly DerElement[] => {
  const found: DerElement[] = [];
  for (let offset = 0; offset < element.content.length;) {
    const child = readElement(element.content, offset);
    found.push(child);
    offset += child.raw.length;
  }
  return found;
};

/** The element, if it has the tag. @throws DerProblem for another one, or none. */
export const expectTag = (element: DerElement | undefined, tag: number, what: string): DerElement => {
  if (element?.tag !== tag) throw new DerProblem(`${what} is not where it should be`);
  return element;
};

const mostOidOctets = 128;

/** `1.2.840.113549.1.1.11`; arcs may be larger than 2^53 (UUID arcs). */
export const readOid = (element: DerElement): string => {
  // The work grows with the square of the length; the longest in use have some 30 octets.
  if (element.content.length > mostOidOctets)
    throw new DerProblem("it has an object identifier that is no end of long");
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of element.content) {
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [head, ...rest] = arcs;
  if (head === undefined || (element.content.at(-1) ?? 0) >= 0x80)
    throw new DerProblem("it has an incomplete object identifier");
  const top = head < 40n ? 0n : head < 80n ? 1n : 2n;
  return [top, head - top * 40n, ...rest].join(".");
};

/** UTCTime (years 1950 to 2049) or GeneralizedTime in UTC, as RFC 5280 §4.1.2.5 wants them; seconds may be missing, as in old certificates. */
export const readTime = (element: DerElement | undefined): Date => {
  const text = element?.content.toString("latin1") ?? "";
  const year = element?.tag === tags.utcTime ? "\\d{2}" : element?.tag === tags.generalizedTime ? "\\d{4}" : undefined;
  const parts =
    year === undefined ? null : new RegExp(`^(${year})(\\d{2})(\\d{2})(\\d{2})(\\d{2})(\\d{2})?Z$`).exec(text);
  if (!parts) throw new DerProblem("it has a time that is not one");
  const [, y = "", month, day, hour, minute, second = "0"] = parts;
  const full = y.length === 4 ? Number(y) : Number(y) + (Number(y) < 50 ? 2000 : 1900);
  const date = new Date(0);
  date.setUTCFullYear(full, Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day))
    throw new DerProblem("it has a time that is not one");
  return date;
};

/** The named bits of a BIT STRING, by number, first bit 0. */
export const readBits = (element: DerElement): readonly number[] => {
  const bits: number[] = [];
  element.content.subarray(1).forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit += 1) if (octet & (0x80 >> bit)) bits.push(index * 8 + bit);
  });
  return bits;
};

/** The text of a directory string; undefined for an unknown kind of string. */
export const readString = (element: DerElement): string | undefined => {
  const { tag, content } = element;
  if (tag === 0x0c) return content.toString("utf8");
  // Numeric, Printable, T61 (in practice Latin-1), IA5 and Visible string.
  if ([0x12, 0x13, 0x14, 0x16, 0x1a].includes(tag)) return content.toString("latin1");
  if (tag === 0x1e && content.length % 2 === 0) return Buffer.from(content).swap16().toString("utf16le");
  if (tag === 0x1c && content.length % 4 === 0) {
    const points = Array.from({ length: content.length / 4 }, (_, index) => content.readUInt32BE(index * 4));
    return points.map((point) => (point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd")).join("");
  }
  return undefined;
};

/** One element: identifier, shortest length, content. */
export const writeElement = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const octets: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  const length = content.length < 0x80 ? [content.length] : [0x80 | octets.length, ...octets];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
