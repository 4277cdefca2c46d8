// The matrix: the corner cases of reference/verify.md §2 for NNTP, XMPP, LDAP and FTP.
import { ldapMessage, noticeOfDisconnection, searchDone, startTlsResponse } from "../fakes/ldap-server.ts";
import type { Behaviour } from "../fakes/mail-server.ts";
import type { Row } from "./row.ts";

const at =
  (protocol: "nntp" | "xmpp-client" | "xmpp-server" | "ldap" | "ftp") =>
  (what: string, behaviour: Behaviour, ...findings: readonly string[]): Row => ({
    what,
    servers: { protocol, behaviour },
    findings,
  });
const nntp = at("nntp");
const client = at("xmpp-client");
const server = at("xmpp-server");
const ldap = at("ldap");
const ftp = at("ftp");

const atOnce = (["nntp", "xmpp-client", "xmpp-server", "ldap", "ftp"] as const).map((protocol): Row => ({
  what: "healthy at once",
  servers: { protocol, mode: "implicit" },
  findings: [],
}));
const byByte = (["nntp", "xmpp-client", "ldap", "ftp"] as const).map((protocol): Row => ({
  what: "byte by byte",
  servers: { protocol, behaviour: { cuts: ({ length }) => Array.from({ length }, (_, index) => index) } },
  findings: [],
}));

const nntpRows: readonly Row[] = [
  nntp("posting prohibited (201)", {}),
  nntp("posting allowed (200)", { greeting: "200 hi\r\n" }),
  nntp("older than CAPABILITIES", { capabilities: "500 what\r\n", inside: "500 what\r\n" }),
  nntp("lower case, bare LF", { greeting: "200 hi\n", capabilities: "101 x\nstarttls\n.\n", goAhead: "382 go\n" }),
  nntp("400 as greeting", { greeting: "400 too many\r\n" }, "fault net-reach"),
  nntp("502 as greeting", { greeting: "502 no access\r\n" }, "fault net-reach"),
  nntp("not offered", { capabilities: "101 x\r\nVERSION 2\r\n.\r\n" }, "fault st-adv"),
  nntp("483 to STARTTLS", { goAhead: "483 what\r\n" }, "fault st-refused"),
  nntp("580 to STARTTLS", { goAhead: "580 no TLS\r\n" }, "fault st-refused"),
  nntp("AUTHINFO before TLS", { capabilities: "101 x\r\nSTARTTLS\r\nAUTHINFO USER\r\n.\r\n" }, "fault st-auth-clear"),
  nntp("bytes behind the go-ahead", { goAhead: "382 go\r\n200 injected\r\n" }, "fault st-resp-inj"),
  nntp("STARTTLS still listed inside TLS", { inside: "101 x\r\nSTARTTLS\r\n.\r\n" }, "warning st-caps"),
];

const header =
  "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>";
const streamError = (condition: string): string =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`;
const mechanisms = "<mechanisms><mechanism>PLAIN</mechanism></mechanisms>";

const xmppRows: readonly Row[] = [
  client("healthy", {}),
  server("healthy", {}),
  client("double quotes, other prefixes, white space, a > inside quotes", {
    greeting: `<?xml version="1.0" encoding="UTF-8"?>\n<s:stream xmlns:s="http://etherx.jabber.org/streams" id="a>b" version="1.0">`,
    capabilities: `\n<s:features >\n <c xmlns='x' node='y>z'/><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"></starttls></s:features>`,
    goAhead: `<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"></proceed>`,
  }),
  {
    ...client("another domain (host-unknown)", { greeting: header + streamError("host-unknown") }, "fault net-reach"),
    says: /does not serve mail\.example\.org/,
  },
  client(
    "too many (resource-constraint)",
    { greeting: header + streamError("resource-constraint") },
    "fault net-reach",
  ),
  client("not offered", { capabilities: "<stream:features/>" }, "fault st-adv"),
  server("<failure/>", { goAhead: "<failure/></stream:stream>" }, "fault st-refused"),
  client(
    "PLAIN before TLS",
    { capabilities: `<stream:features><starttls/>${mechanisms}</stream:features>` },
    "fault st-auth-clear",
  ),
  client("bytes behind <proceed/>", { goAhead: "<proceed/><message/>" }, "fault st-resp-inj"),
  client(
    "starttls still offered inside TLS",
    { inside: `<stream:features><starttls/>${mechanisms}</stream:features>` },
    "warning st-caps",
  ),
];

const ldapRows: readonly Row[] = [
  ldap("healthy (OpenLDAP)", {}),
  ldap("lengths in the long form (Active Directory)", {
    goAhead:
      "0\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20037",
  }),
  ldap("an answer without responseName", { goAhead: ldapMessage(1, 0x78, Buffer.from("\n\x01\x00\x04\x00\x04\x00")) }),
  ldap("a root DSE that is not for everybody", { inside: searchDone(50) }),
  ldap("StartTLS is unknown (protocolError)", { goAhead: startTlsResponse(2, "unsupported") }, "fault st-adv"),
  ldap("unavailable", { goAhead: startTlsResponse(52, "no TLS") }, "fault st-refused"),
  ldap("operationsError", { goAhead: startTlsResponse(1) }, "fault st-refused"),
  ldap("a Notice of Disconnection", { greeting: noticeOfDisconnection(52, "going down") }, "fault net-reach"),
  ldap("bytes behind the go-ahead", { goAhead: `${startTlsResponse(0)}${searchDone()}` }, "fault st-resp-inj"),
];

const ftpRows: readonly Row[] = [
  ftp("inner lines without the code", {}),
  ftp("lines that look like the end", { greeting: "220-a\r\n2200 b\r\n 220 c\r\n221 d\r\n220 e\r\n" }),
  ftp("FEAT is unknown", { capabilities: "500 what\r\n", inside: "500 what\r\n" }),
  ftp("FEAT only after a login", { capabilities: "530 log in\r\n", inside: "530 log in\r\n" }),
  ftp("AUTH TLS among others", { capabilities: "211-F\r\n AUTH TLS;TLS-C;SSL;\r\n211 End\r\n" }),
  ftp("AUTH TLS taken and not listed (vsftpd)", { capabilities: "211-F\r\n UTF8\r\n211 End\r\n" }, "info st-adv"),
  ftp("AUTH TLS is unknown", { capabilities: "500\r\n", goAhead: "502 what\r\n" }, "fault st-adv"),
  ftp(
    "AUTH TLS only after a login (vsftpd)",
    { capabilities: "211-F\r\n211 End\r\n", goAhead: "530 Please login.\r\n" },
    "fault st-adv",
  ),
  ftp("431 to AUTH TLS", { goAhead: "431 resource\r\n" }, "fault st-refused"),
  ftp("534 to AUTH TLS", { goAhead: "534 policy\r\n" }, "fault st-refused"),
  ftp("421 as greeting", { greeting: "421 too many\r\n" }, "fault net-reach"),
  ftp("bytes behind the go-ahead", { goAhead: "234 go\r\n200 x\r\n" }, "fault st-resp-inj"),
];

export const otherRows: readonly Row[] = [...atOnce, ...byByte, ...nntpRows, ...xmppRows, ...ldapRows, ...ftpRows];
