// What ALPN calls the protocols (IANA "TLS ALPN Protocol IDs"; where that has no name, what servers use or would).
import type { ProtocolName } from "./entry-point.ts";

export const alpnNames: Readonly<Record<ProtocolName, string>> = {
  imap: "imap",
  pop3: "pop3",
  sieve: "managesieve",
  // Exim's (tls_alpn); the registry has none for mail transport.
  smtp: "smtp",
  submission: "smtp",
  lmtp: "lmtp",
  nntp: "nntp",
  ftp: "ftp",
  ldap: "ldap",
  "xmpp-client": "xmpp-client",
  "xmpp-server": "xmpp-server",
};
