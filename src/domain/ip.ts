// IP addresses: one canonical text for each address, and its octets as a certificate carries them (RFC 5280 §4.2.1.6).
import { isIPv4, isIPv6 } from "node:net";

/** Canonical text of an address (`192.0.2.1`, `2001:db8::1`), or undefined where it is none. A zone (`%eth0`) is no part of an address. */
export const canonicalIp = (text: string): string | undefined => {
  if (isIPv4(text)) return text;
  // Node's own pattern for IPv6 takes milliseconds to compile: only a text with a colon is worth it.
  if (!text.includes(":") || !isIPv6(text) || text.includes("%")) return undefined;
  // The URL parser writes IPv6 as RFC 5952 asks: lower case, the longest run of zeros compressed.
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
};

/** 4 or 16 octets of a canonical address. */
export const ipOctets = (ip: string): Uint8Array => {
  if (!ip.includes(":")) return Uint8Array.from(ip.split("."), Number);
  const [left = "", right] = ip.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const head = groups(left);
  const tail = groups(right ?? "");
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return Uint8Array.from(
    [...head, ...zeros, ...tail].flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    }),
  );
};

/** Canonical text of 4 or 16 octets; undefined for any other number of them. */
export const ipFromOctets = (octets: Uint8Array): string | undefined => {
  if (octets.length === 4) return octets.join(".");
  if (octets.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  );
  return canonicalIp(groups.join(":"));
};

/** Reached from this host alone. */
export const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
