// Reads numbers and vectors off bytes that a stranger sent; whoever reads beyond the end gets a MalformedHello.

/** The bytes are not what TLS sends. */
export class MalformedHello extends Error {}

export interface ByteReader {
  number(bytes: 1 | 2 | 3): number;
  take(size: number): Buffer;
  /** With its length before it. */
  vector(bytes: 1 | 2 | 3): Buffer;
  readonly left: number;
}

export const byteReader = (data: Buffer): ByteReader => {
  let at = 0;
  const take = (size: number): Buffer => {
    if (size > data.length - at) throw new MalformedHello("it ends too early");
    at += size;
    return data.subarray(at - size, at);
  };
  const number = (bytes: 1 | 2 | 3): number => take(bytes).readUIntBE(0, bytes);
  return {
    number,
    take,
    vector: (bytes) => take(number(bytes)),
    get left() {
      return data.length - at;
    },
  };
};
