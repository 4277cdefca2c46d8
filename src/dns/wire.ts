// DNS on the wire, the little that dns-packet does not offer: names in canonical form, and where the records of a message lie (RFC 1035 §4.1).

const octets = (value: number, size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
};

export const uint16 = (value: number): Buffer => octets(value, 2);
export const uint32 = (value: number): Buffer => octets(value, 4);
export const uint48 = (value: number): Buffer => octets(value, 6);

/** Uncompressed and in lower case, as signatures are made over it (RFC 4034 §6.2). @throws RangeError for what is no name. */
export const wireName = (name: string): Buffer => {
  const plain = name.toLowerCase().replace(/\.$/, "");
  const labels = plain === "" ? [] : plain.split(".");
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, "latin1");
    if (bytes.length === 0 || bytes.length > 63) throw new RangeError(`"${name}" is no DNS name`);
    return Buffer.concat([octets(bytes.length, 1), bytes]);
  });
  const whole = Buffer.concat([...parts, Buffer.alloc(1)]);
  if (whole.length > 255) throw new RangeError(`"${name}" is no DNS name`);
  return whole;
};

/** A name at `at`, and where what follows it begins. @throws RangeError for what is no name. */
export const readName = (message: Buffer, at: number): { readonly name: string; readonly next: number } => {
  const labels: string[] = [];
  let next: number | undefined;
  let here = at;
  for (let hops = 0; hops <= 128; hops += 1) {
    const length = message.readUInt8(here);
    if (length === 0) return { name: labels.join(".").toLowerCase(), next: next ?? here + 1 };
    if ((length & 0xc0) === 0xc0) {
      next ??= here + 2;
      here = message.readUInt16BE(here) & 0x3fff;
      continue;
    }
    if ((length & 0xc0) !== 0 || here + 1 + length > message.length) break;
    labels.push(message.toString("latin1", here + 1, here + 1 + length));
    here += 1 + length;
  }
  throw new RangeError("not a DNS name");
};

export interface RawRecord {
  /** Lower case, no dot at the end. */
  readonly name: string;
  readonly type: number;
  readonly start: number;
  /** Where its data begins. */
  readonly data: number;
  readonly end: number;
}

/** The last record of a message; undefined where there is none. @throws RangeError where the message is cut off. */
export const lastRecord = (message: Buffer): RawRecord | undefined => {
  const counts = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  const [questions = 0, ...records] = counts;
  let at = 12;
  for (let left = questions; left > 0; left -= 1) at = readName(message, at).next + 4;
  let last: RawRecord | undefined;
  for (let left = records.reduce((sum, count) => sum + count, 0); left > 0; left -= 1) {
    const { name, next } = readName(message, at);
    const data = next + 10;
    const end = data + message.readUInt16BE(next + 8);
    if (end > message.length) throw new RangeError("the message is cut off");
    last = { name, type: message.readUInt16BE(next), start: at, data, end };
    at = end;
  }
  return last;
};
