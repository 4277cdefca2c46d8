// Does a certificate stand for a name? SAN only, no common name (RFC 9525 §6.3, §6.4).
import { domainToASCII } from "node:url";
import type { CertificateFacts } from "./certificate.ts";
import type { EntryPoint } from "./entry-point.ts";
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

type Entered = Pick<EntryPoint, "protocol" | "mode">;

/** The service name of an SRV-ID (RFC 7817 §3, RFC 8314 §7.3); direct TLS of XMPP is checked as STARTTLS is (XEP-0368 §3). undefined: no standard gives it one. */
const serviceLabel = ({ protocol, mode }: Entered): string | undefined => {
  if (protocol === "xmpp-client" || protocol === "xmpp-server") return `_${protocol}`;
  if (protocol === "sieve") return "_sieve";
  const known = protocol === "imap" || protocol === "pop3" || protocol === "submission";
  return known ? `_${protocol}${mode === "implicit" ? "s" : ""}` : undefined;
};

/**
 * The SRV-ID or XMPP address of the SAN that stands for this service of a domain, as it stands there; undefined: none.
 * A star stands for nothing in it: RFC 4985 knows none.
 */
export const serviceNameOf = (
  facts: Pick<CertificateFacts, "srvNames" | "xmppNames">,
  entry: Entered,
  domain: string,
): string | undefined => {
  const label = serviceLabel(entry);
  const wanted = label === undefined ? undefined : `${label}.${reference(domain)}`;
  const found = facts.srvNames?.find((name) => reference(name) === wanted);
  if (found !== undefined || !entry.protocol.startsWith("xmpp-")) return found;
  // XMPP writes names of other scripts as they are (RFC 6120 §13.7.1.4); domains are known by their A-labels here.
  return facts.xmppNames?.find((name) => domainToASCII(reference(name)) === reference(domain));
};
