// An entry point: protocol + host + address + port + mode, written as a URL. Where TLS begins for a client.

export type Mode = "implicit" | "starttls";
/** How strictly an entry point is judged (reference: RFC 7435, RFC 8314): mta is port 25, mua is everything whose clients must know the server, internal stays within a host or a site. */
export type Role = "mta" | "mua" | "internal";

/** In the order in which entry points are listed. The registry (protocols/index.ts) has a file for each. */
const protocolNames = [
  "imap",
  "pop3",
  "smtp",
  "submission",
  "lmtp",
  "sieve",
  "nntp",
  "xmpp-client",
  "xmpp-server",
  "ldap",
  "ftp",
] as const;
export type ProtocolName = (typeof protocolNames)[number];

export interface EntryPoint {
  readonly protocol: ProtocolName;
  readonly mode: Mode;
  /** The name that the client is configured with (A-label or IP address); what the certificate must carry. */
  readonly host: string;
  /** Where to connect: an IP address, or the absolute path of a unix socket; undefined: resolve `host`. Never changes what is verified. */
  readonly address?: string;
  /** 0 for a unix socket. */
  readonly port: number;
}

/** What a client shows for it: implicit TLS is "SSL/TLS", an upgraded connection "STARTTLS". */
export const clientLabel = (mode: Mode): "SSL/TLS" | "STARTTLS" => (mode === "implicit" ? "SSL/TLS" : "STARTTLS");

export const roleOf = (entry: Pick<EntryPoint, "protocol">): Role =>
  entry.protocol === "smtp" ? "mta" : entry.protocol === "lmtp" ? "internal" : "mua";

export interface Scheme {
  readonly protocol: ProtocolName;
  readonly mode: Mode;
}

/** `imap`, `imaps`; `xmpps-client` as its SRV record is called (XEP-0368). The `s` means that TLS starts at once. */
export const schemeOf = ({ protocol, mode }: Scheme): string =>
  mode === "implicit" ? protocol.replace(/-|$/, (end) => `s${end}`) : protocol;

const schemes: ReadonlyMap<string, Scheme> = new Map(
  protocolNames.flatMap((protocol) =>
    (["starttls", "implicit"] as const).map((mode) => [schemeOf({ protocol, mode }), { protocol, mode }]),
  ),
);

/** What `schemeOf` wrote. */
export const schemeNamed = (word: string): Scheme | undefined => schemes.get(word);

/** The path of the unix socket that is connected to instead of a port. */
export const socketPath = ({ address }: Pick<EntryPoint, "address">): string | undefined =>
  address?.startsWith("/") ? address : undefined;

/** `imaps://mail.example.org:993`, `imap://[2001:db8::1]:143`, `lmtp+unix:///run/dovecot/lmtp`. */
export const entryUrl = (entry: Pick<EntryPoint, "protocol" | "mode" | "host" | "port" | "address">): string => {
  const path = socketPath(entry);
  if (path !== undefined) return `${schemeOf(entry)}+unix://${path}`;
  const host = entry.host.includes(":") ? `[${entry.host}]` : entry.host;
  return `${schemeOf(entry)}://${host}:${entry.port}`;
};

/** Protocol, mode and port of what `entryUrl` wrote; undefined for a unix socket. */
export const entryFromUrl = (url: string): Pick<EntryPoint, "protocol" | "mode" | "port"> | undefined => {
  const [, word = "", port] = /^([a-z0-9-]+):\/\/.*:(\d+)$/.exec(url) ?? [];
  const scheme = schemeNamed(word);
  return scheme ? { ...scheme, port: Number(port) } : undefined;
};

/** An entry point as a person writes it: scheme, host and port (IPv6 in brackets), nothing else. */
export const entryOfUrl = (url: string): Pick<EntryPoint, "protocol" | "mode" | "port" | "host"> | undefined => {
  const place = entryFromUrl(url);
  const host = /^[a-z0-9-]+:\/\/(\[[\da-f:]+\]|[\w.-]+):\d+$/i.exec(url)?.[1];
  if (!place || host === undefined || place.port < 1 || place.port > 65_535) return undefined;
  return { ...place, host: host.replace(/^\[(.*)\]$/, "$1") };
};

/** `993`, or the path of a unix socket: how a person knows the place. */
export const placeOf = (entry: Pick<EntryPoint, "port" | "address">): string => socketPath(entry) ?? String(entry.port);
