// An entry point: protocol + host + address + port + mode, written as a URL. Where TLS begins for a client.

export type Mode = "implicit" | "starttls";
/** How strictly an entry point is judged (reference: RFC 7435, RFC 8314): mta is port 25, mua is everything a person's client uses. */
export type Role = "mta" | "mua" | "internal";
export type ProtocolName = "imap" | "pop3" | "smtp" | "submission" | "lmtp" | "sieve";

export interface EntryPoint {
  readonly protocol: ProtocolName;
  readonly mode: Mode;
  /** The name that the client is configured with (A-label or IP address); what the certificate must carry. */
  readonly host: string;
  /** Where to connect; undefined: resolve `host`. Never changes what is verified. */
  readonly address?: string;
  readonly port: number;
}

/** What a client shows for it: implicit TLS is "SSL/TLS", an upgraded connection "STARTTLS". */
export const clientLabel = (mode: Mode): "SSL/TLS" | "STARTTLS" => (mode === "implicit" ? "SSL/TLS" : "STARTTLS");

export const roleOf = (entry: Pick<EntryPoint, "protocol">): Role =>
  entry.protocol === "smtp" ? "mta" : entry.protocol === "lmtp" ? "internal" : "mua";

/** `imaps://mail.example.org:993`, `imap://[2001:db8::1]:143`. The scheme ends in `s` when TLS starts at once. */
export const entryUrl = (entry: Pick<EntryPoint, "protocol" | "mode" | "host" | "port">): string => {
  const host = entry.host.includes(":") ? `[${entry.host}]` : entry.host;
  return `${entry.protocol}${entry.mode === "implicit" ? "s" : ""}://${host}:${entry.port}`;
};

const schemePattern = /^(imap|pop3|smtp|submission|lmtp|sieve)(s?):\/\/.*:(\d+)$/;

/** Protocol, mode and port of what `entryUrl` wrote. */
export const entryFromUrl = (url: string): Pick<EntryPoint, "protocol" | "mode" | "port"> | undefined => {
  const [, protocol, implicit, port] = schemePattern.exec(url) ?? [];
  if (protocol === undefined) return undefined;
  return { protocol: protocol as ProtocolName, mode: implicit === "s" ? "implicit" : "starttls", port: Number(port) };
};
