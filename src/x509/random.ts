// Randomness as it is handed in, and serial numbers made from it.

/** `count` bytes that nobody can guess. */
export type Random = (count: number) => Uint8Array;

/** 128 random bits in hex: RFC 5280 §4.1.2.2 wants a positive number of at most 20 octets; the writer puts a zero octet in front where the first bit is set. */
export const randomSerial = (random: Random): string => {
  const octets = Buffer.from(random(16));
  // All zeros would be the number 0, which is not positive.
  if (octets.every((octet) => octet === 0)) octets[15] = 1;
  return octets.toString("hex");
};
