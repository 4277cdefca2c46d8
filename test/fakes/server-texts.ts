// What a healthy server of each protocol says at each step of the dialogue.
import type { ProtocolName } from "../../src/domain/entry-point.ts";
import type { Behaviour } from "./mail-server.ts";

export type Texts = Required<Pick<Behaviour, "greeting" | "capabilities" | "goAhead" | "inside">>;

/** Servers of the protocols that have lines. `$TAG` stands for the tag of the client's command. */
export const lineTexts: Readonly<Record<Exclude<ProtocolName, "xmpp-client" | "xmpp-server" | "ldap">, Texts>> = {
  smtp: {
    greeting: "220 mail.example.org ESMTP\r\n",
    capabilities: "250-mail.example.org\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
    goAhead: "220 2.0.0 Ready to start TLS\r\n",
    inside: "250-mail.example.org\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
  },
  submission: {
    greeting: "220 mail.example.org ESMTP\r\n",
    capabilities: "250-mail.example.org\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
    goAhead: "220 2.0.0 Ready to start TLS\r\n",
    inside: "250-mail.example.org\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
  },
  lmtp: {
    greeting: "220 mail.example.org Dovecot ready.\r\n",
    capabilities: "250-mail.example.org\r\n250-PIPELINING\r\n250 STARTTLS\r\n",
    goAhead: "220 2.0.0 OK\r\n",
    inside: "250-mail.example.org\r\n250 PIPELINING\r\n",
  },
  imap: {
    greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] Dovecot ready.\r\n",
    capabilities: "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n$TAG OK done\r\n",
    goAhead: "$TAG OK Begin TLS negotiation now.\r\n",
    inside: "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n$TAG OK done\r\n",
  },
  pop3: {
    greeting: "+OK Dovecot ready.\r\n",
    capabilities: "+OK\r\nCAPA\r\nTOP\r\nSTLS\r\nSASL\r\n.\r\n",
    goAhead: "+OK Begin TLS negotiation now.\r\n",
    inside: "+OK\r\nCAPA\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
  },
  nntp: {
    greeting: "201 news.example.org InterNetNews NNRP server ready (no posting)\r\n",
    capabilities: "101 Capability list:\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\nAUTHINFO\r\n.\r\n",
    goAhead: "382 Begin TLS negotiation now\r\n",
    inside: "101 Capability list:\r\nVERSION 2\r\nREADER\r\nAUTHINFO USER SASL\r\nSASL PLAIN\r\n.\r\n",
  },
  ftp: {
    greeting: "220-Welcome\r\nto this server\r\n220 ready\r\n",
    capabilities: "211-Features:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n UTF8\r\n211 End\r\n",
    goAhead: "234 Proceed with negotiation.\r\n",
    inside: "211-Features:\r\n AUTH TLS\r\n PBSZ\r\n211 End\r\n",
  },
  sieve: {
    greeting: '"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n"SASL" ""\r\n"STARTTLS"\r\n"VERSION" "1.0"\r\nOK "ready."\r\n',
    capabilities: "",
    goAhead: 'OK "Begin TLS negotiation now."\r\n',
    inside:
      '"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n"SASL" "PLAIN"\r\n"VERSION" "1.0"\r\nOK "TLS negotiation successful."\r\n',
  },
};
