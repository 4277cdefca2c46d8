// Does a certificate stand for a name? SAN only, no common name (RFC 9525 §6.3, §6.4).
import type { CertificateFacts } from "./certificate.ts";
import { canonicalIp } from "./ip.ts";
import { isWildcard } from "./names.ts";

/** A reference name as clients compare it: lower case, one trailing dot taken off. */
const reference = (name: string): string => name.toLowerCase().replace(/\.$/, "");

/** One dNSName entry against a host name; a star stands for exactly the whole left-most label. */
export const dnsNameMatches = (presented: string, host: string): boolean => {
  const entry = presented.toLowerCase();
  if (entry === "" || host === "") return false;
  if (!entry.includes("*")) return entry === host;
  if (!isWildcard(entry)) return false;
  const parent = entry.slice(2);
  // OpenSSL, NSS and Go take no star right above a top-level domain, nor a second one.
  if (parent.includes("*") || parent.split(".").filter((label) => label !== "").length < 2) return false;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot + 1) === parent;
};

/**
 * True when the certificate's SAN carries `name`: a host name, an IP address (iPAddress entries only, RFC 9525 §6.4),
 * or a wildcard, which must be there as such.
 */
export const certificateMatches = (facts: Pick<CertificateFacts, "dnsNames" | "ipNames">, name: string): boolean => {
  const ip = canonicalIp(name);
  if (ip !== undefined) return facts.ipNames.includes(ip);
  const host = reference(name);
  if (isWildcard(host)) return facts.dnsNames.some((entry) => entry.toLowerCase() === host);
  return facts.dnsNames.some((entry) => dnsNameMatches(entry, host));
};
