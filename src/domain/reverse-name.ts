// The name under which an IP address stands in DNS (RFC 1035 §3.5, RFC 3596 §2.5): what tls-alpn-01 asks for instead of the address.
import { isIPv4 } from "node:net";

/** The eight groups of a canonical IPv6 address, each of four digits. */
const groupsOf = (address: string): readonly string[] => {
  const [left = "", right] = address.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const missing = right === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: missing }, () => "0"), ...tail].map((group) => group.padStart(4, "0"));
};

/** `address`: canonical (domain/ip.ts). */
export const reverseName = (address: string): string =>
  isIPv4(address)
    ? `${address.split(".").toReversed().join(".")}.in-addr.arpa`
    : `${Array.from(groupsOf(address).join("")).toReversed().join(".")}.ip6.arpa`;
