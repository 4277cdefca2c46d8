// Does a certificate stand for a name? SAN only, no common name (RFC 9525 §6.3, §6.4).
import type { CertificateFacts } from "./certificate.ts";
import { canonicalIp } from "./ip.ts";
import { isWildcard } from "./names.ts";

/** A reference name as clients compare it: lower case, one trailing dot taken off. */
const reference = (name: string): string => name.toLowerCase().replace(/\.$/, "");

/** What a wildcard entry stands right below; undefined: it is none that clients take. */
const parentOf = (entry: string): string | undefined => {
  if (!isWildcard(entry)) return undefined;
  const parent = entry.slice(2);
  // OpenSSL, NSS and Go take no star right above a top-level domain, nor a second one.
  return parent.includes("*") || parent.split(".").filter((label) => label !== "").length < 2 ? undefined : parent;
};

/** One dNSName entry against a host name; a star stands for exactly the whole left-most label. */
export const dnsNameMatches = (presented: string, host: string): boolean => {
  const entry = presented.toLowerCase();
  if (entry === "" || host === "") return false;
  if (!entry.includes("*")) return entry === host;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot + 1) === parentOf(entry);
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

/** The same for many names: what is the same for all is done once, since a certificate can carry thousands. */
export const certificateMatcher = (
  facts: Pick<CertificateFacts, "dnsNames" | "ipNames">,
): ((name: string) => boolean) => {
  const entries = new Set(facts.dnsNames.map((entry) => entry.toLowerCase()));
  const parents = new Set([...entries].flatMap((entry) => parentOf(entry) ?? []));
  const addresses = new Set(facts.ipNames);
  return (name) => {
    const ip = canonicalIp(name);
    if (ip !== undefined) return addresses.has(ip);
    const host = reference(name);
    if (entries.has(host) && (isWildcard(host) || !host.includes("*"))) return host !== "";
    const dot = host.indexOf(".");
    return !isWildcard(host) && dot > 0 && parents.has(host.slice(dot + 1));
  };
};
