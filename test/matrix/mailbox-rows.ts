// The matrix: the corner cases of reference/verify.md §2 for IMAP, POP3 and ManageSieve.
import type { Behaviour, Script } from "../fakes/mail-server.ts";
import type { Row } from "./row.ts";

const at =
  (protocol: "imap" | "pop3" | "sieve") =>
  (what: string, behaviour: Behaviour, ...findings: readonly string[]): Row => ({
    what,
    servers: { protocol, behaviour },
    findings,
  });
const imap = at("imap");
const pop3 = at("pop3");
const sieve = at("sieve");

const half = ({ length }: string): readonly number[] => [Math.floor(length / 2)];

export const imapRows: readonly Row[] = [
  imap("healthy", {}),
  { what: "healthy at once (993)", servers: { protocol: "imap", mode: "implicit" }, findings: [] },
  imap("no capabilities in the greeting", { greeting: "* OK ready\r\n" }),
  imap("other untagged lines before the tagged OK", {
    greeting: "* OK ready\r\n",
    capabilities:
      "* OK [ALERT] maintenance tonight\r\n* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n$TAG OK done\r\n",
    goAhead: "* OK still here\r\n$TAG OK go\r\n",
  }),
  imap("CAPABILITY over several lines, IMAP4rev2 alone", {
    greeting: "* OK ready\r\n",
    capabilities: "* CAPABILITY IMAP4rev2\r\n* CAPABILITY StartTLS LoginDisabled\r\n$TAG OK done\r\n",
  }),
  imap("a literal in the banner", { greeting: "* OK {4}\r\na\r\nb ready\r\n" }),
  imap("every reply split in the middle", { cuts: half }),
  imap("another tag than ours", { goAhead: ". OK go\r\n" }, "fault st-refused"),
  imap("PREAUTH", { greeting: "* PREAUTH welcome back\r\n" }, "fault st-preauth"),
  imap("BYE", { greeting: "* BYE too many connections\r\n" }, "fault net-reach"),
  imap("NO to STARTTLS", { goAhead: "$TAG NO not now\r\n" }, "fault st-refused"),
  imap("BAD to STARTTLS", { goAhead: "$TAG BAD what\r\n" }, "fault st-refused"),
  imap("not offered", { greeting: "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n" }, "fault st-adv"),
  imap("LOGIN in clear", { greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n" }, "fault st-auth-clear"),
  imap(
    "AUTH=PLAIN in clear",
    { greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=PLAIN] hi\r\n" },
    "fault st-auth-clear",
  ),
  imap("bytes behind the go-ahead", { goAhead: "$TAG OK go\r\n* OK injected\r\n" }, "fault st-resp-inj"),
  imap(
    "STARTTLS still listed inside TLS",
    { inside: "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n$TAG OK done\r\n" },
    "warning st-caps",
  ),
  imap(
    "nobody can log in inside TLS either",
    { inside: "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n$TAG OK done\r\n" },
    "warning st-caps",
  ),
  imap("LOGINDISABLED for those who log in in another way", {
    inside: "* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2\r\n$TAG OK done\r\n",
  }),
  {
    what: "speaks in clear on 993",
    servers: { protocol: "imap", mode: "starttls", asked: "implicit" },
    findings: ["fault wrap-misuse"],
  },
  {
    what: "nothing listens",
    servers: { protocol: "imap", mode: "implicit", closed: true },
    // The one finding about the only entry point says it all.
    findings: ["fault net-reach"],
  },
  {
    what: "a name without an address",
    servers: { protocol: "imap", mode: "implicit" },
    request: () => ({
      wanted: [{ protocol: "imap", mode: "implicit", host: "nowhere.example", port: 993, demanded: true }],
    }),
    findings: ["fault net-reach"],
  },
];

export const pop3Rows: readonly Row[] = [
  pop3("healthy", { greeting: "+OK ready <1896.697170952@mail.example.org>\r\n" }),
  { what: "healthy at once (995)", servers: { protocol: "pop3", mode: "implicit" }, findings: [] },
  pop3("CAPA is unknown", { capabilities: "-ERR what\r\n", inside: "-ERR what\r\n" }),
  pop3("a dot before a line of the list", { capabilities: "+OK\r\n..X\r\nSTLS\r\n.\r\n" }),
  pop3("every reply split in the middle", { cuts: half }),
  pop3("CAPA and STLS are unknown", { capabilities: "-ERR\r\n", goAhead: "-ERR\r\n" }, "fault st-adv"),
  pop3("not offered", { capabilities: "+OK\r\nTOP\r\n.\r\n" }, "fault st-adv"),
  pop3("-ERR to STLS", { goAhead: "-ERR no\r\n" }, "fault st-refused"),
  pop3("-ERR as greeting", { greeting: "-ERR [SYS/TEMP] later\r\n" }, "fault net-reach"),
  pop3("USER in clear", { capabilities: "+OK\r\nUSER\r\nSTLS\r\n.\r\n" }, "fault st-auth-clear"),
  pop3("SASL PLAIN in clear", { capabilities: "+OK\r\nSASL PLAIN\r\nSTLS\r\n.\r\n" }, "fault st-auth-clear"),
  pop3("bytes behind the go-ahead", { goAhead: "+OK go\r\n+OK injected\r\n" }, "fault st-resp-inj"),
  pop3("STLS still listed inside TLS", { inside: "+OK\r\nSTLS\r\n.\r\n" }, "warning st-caps"),
];

/** As old Cyrus: nothing comes by itself after STARTTLS. */
const silentInside: Script = async (talk) => {
  await talk.send('"SASL" ""\r\n"STARTTLS"\r\nOK\r\n');
  await talk.line();
  await talk.send("OK\r\n");
  await talk.startTls();
  for (;;) {
    const line = await talk.line();
    await talk.send(line === "CAPABILITY" ? '"SASL" "PLAIN"\r\nOK\r\n' : "OK\r\n");
    if (line === "LOGOUT") return talk.end();
  }
};

export const sieveRows: readonly Row[] = [
  sieve("healthy (Dovecot)", {}),
  sieve("literals in capabilities and in OK", {
    greeting: '{14}\r\nIMPLEMENTATION {3+}\r\nx\r\n\r\n"starttls"\r\n"SASL" ""\r\nOK (TAG "x") {5}\r\nready\r\n',
    goAhead: "ok {2}\r\ngo\r\n",
    inside: '{4+}\r\nSASL {5}\r\nPLAIN\r\nOK (TAG {3}\r\na b) "done"\r\n',
  }),
  sieve("bare OK (Cyrus 2.4)", { goAhead: "OK\r\n" }),
  sieve("keywords in lower case", { greeting: '"sasl" ""\r\n"starttls"\r\nok\r\n', goAhead: "ok\r\n" }),
  sieve("every reply split in the middle", { cuts: half }),
  sieve("not offered", { greeting: '"SASL" ""\r\nOK\r\n' }, "fault st-adv"),
  sieve("NO to STARTTLS", { goAhead: 'NO "no"\r\n' }, "fault st-refused"),
  sieve("BYE to STARTTLS", { goAhead: 'BYE "no"\r\n' }, "fault st-refused"),
  sieve("BYE as greeting", { greeting: 'BYE (TRYLATER) "busy"\r\n' }, "fault net-reach"),
  sieve("PLAIN in clear", { greeting: '"SASL" "PLAIN"\r\n"STARTTLS"\r\nOK\r\n' }, "fault st-auth-clear"),
  sieve("bytes behind the go-ahead", { goAhead: 'OK "go"\r\nNO "injected"\r\n' }, "fault st-resp-inj"),
  sieve("STARTTLS still listed inside TLS", { inside: '"SASL" "PLAIN"\r\n"STARTTLS"\r\nOK\r\n' }, "warning st-caps"),
  {
    what: "no list by itself inside TLS (old Cyrus)",
    servers: { protocol: "sieve", script: silentInside },
    waits: true,
    findings: ["warning st-caps"],
  },
  {
    what: "TLS at once, and asked so: clients hang",
    servers: { protocol: "sieve", mode: "implicit" },
    findings: ["fault wrap-misuse"],
  },
  {
    what: "TLS at once on 4190: both sides wait",
    servers: { protocol: "sieve", mode: "implicit", asked: "starttls" },
    request: { timeoutMs: 12_000 },
    waits: true,
    findings: ["fault wrap-misuse"],
  },
];
