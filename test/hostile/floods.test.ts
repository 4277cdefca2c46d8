// Servers that never stop: what they can push is bounded, the run ends by a limit and not by its deadline, and the connection is let go.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import { type FakeServer, type Script, startServer } from "../fakes/mail-server.ts";
import { type Pki, makePki } from "../fakes/pki.ts";
import { told } from "../fakes/told.ts";
import { type Flood, expectClean, look, startFlood } from "./looking.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
const open: (Flood | FakeServer)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** We read 64 KiB and a little; two kernels' buffers hold the rest (tcp_wmem, tcp_rmem: 4 and 6 MB at most). */
const mostPushed = 12 * 1024 * 1024;
/** Far below the 20 s that each look may take, and far above what it takes on a slow machine. */
const soonMs = 10_000;

const block = (text: string): Buffer => Buffer.from(text.repeat(Math.ceil(65_536 / text.length)), "latin1");

type Case = readonly [what: string, protocol: ProtocolName, mode: Mode, more: string, first?: string, waits?: true];

const cases: readonly Case[] = [
  ["a greeting line without end", "smtp", "starttls", "x", "220 "],
  ["greeting lines without end", "smtp", "starttls", "220-x\r\n"],
  ["capabilities without end", "smtp", "starttls", "250-X\r\n", "220 mx\r\n"],
  ["a reply without end to LHLO", "lmtp", "starttls", "250-X\r\n", "220 mx\r\n"],
  ["untagged lines without end", "imap", "starttls", "* OK x\r\n", "* OK hi\r\n"],
  ["a capability line without end", "imap", "starttls", "X ", "* OK [CAPABILITY "],
  ["literals in literals", "imap", "starttls", "{4000}\r\n", "* OK "],
  ["[CAPABILITY that never closes", "imap", "starttls", "[CAPABILITY {3000}\r\n", "* OK "],
  ["a CAPA list without end", "pop3", "starttls", "X\r\n", "+OK\r\n+OK\r\n"],
  ["capabilities without end", "sieve", "starttls", '"X" "y"\r\n'],
  ["a response code that never closes", "sieve", "starttls", "(((((( {3}\r\nabc", "OK "],
  ["a capability list without end", "nntp", "starttls", "X\r\n", "200 hi\r\n101 list\r\n"],
  ["a tag without end", "xmpp-client", "starttls", "x", "<stream:stream ", true],
  ["white space without end", "xmpp-client", "starttls", " ", "", true],
  ["features without end", "xmpp-server", "starttls", "<a/>", "<s:stream version='1.0'><s:features>", true],
  ["features ever deeper", "xmpp-server", "starttls", "<a>", "<s:stream version='1.0'><s:features>", true],
  ["attributes full of quotes", "xmpp-client", "starttls", `>"`, "<stream:stream x='", true],
  ["a message of 4 GB", "ldap", "starttls", "x", "0\x84\xff\xff\xff\xff", true],
  ["empty messages", "ldap", "starttls", "0\x00", "", true],
  ["search references without end", "ldap", "starttls", "0\x05\x02\x01\x01s\x00", "", true],
  ["FEAT lines without end", "ftp", "starttls", " X\r\n", "220 hi\r\n211-F\r\n"],
  ["NUL bytes", "smtp", "starttls", "\0", ""],
  ["plain text where TLS should be", "imap", "implicit", "* OK x\r\n"],
  ["warning alerts", "imap", "implicit", "\x15\x03\x03\x00\x02\x01\x5a", "", true],
  ["records of the greatest length", "imap", "implicit", `\x16\x03\x03\xff\xff${"x".repeat(65_535)}`, "", true],
  ["empty records", "imap", "implicit", "\x16\x03\x03\x00\x00", "", true],
  [
    "a handshake message of 16 MB",
    "imap",
    "implicit",
    `\x16\x03\x03\x40\x00\x02\xff\xff\xff${"x".repeat(16_380)}`,
    "",
    true,
  ],
  [
    "bytes behind the go-ahead",
    "smtp",
    "starttls",
    "250 injected\r\n",
    "220 mx\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n",
  ],
];

describe("floods in clear", () => {
  test.each(cases.map((one) => ({ name: `${one[0]} (${one[1]})`, one })))("$name", async ({ one }) => {
    const [, protocol, mode, more, first, waits] = one;
    const flood = await startFlood(block(more), first, waits);
    open.push(flood);
    const before = performance.now();
    const result = await look(flood.port, protocol, mode, { full: true });
    expect(performance.now() - before).toBeLessThan(soonMs);
    const findings = told(result);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^fault (?:net-reach|st-refused|st-resp-inj|tls-handshake|wrap-misuse)$/);
    expect(result.entries[0]?.observation.error?.reason).not.toBe("timeout");
    // What was begun is let go, with what is still coming.
    await expect.poll(() => flood.open(), { timeout: 10_000 }).toBe(0);
    expect(flood.pushed()).toBeLessThan(mostPushed);
    await expectClean(result);
  });
});

const inside =
  (first: string, more: string): Script =>
  async (talk) => {
    await talk.startTls();
    await talk.send(first);
    const text = more.repeat(Math.ceil(16_384 / more.length));
    for (let count = 0; count < 16_384; count += 1) {
      await talk.send(text);
      await talk.sleep(0);
    }
  };

describe("floods inside TLS: the certificate is judged all the same", () => {
  test.each([
    ["a greeting without end", "imap", "* OK ", "x"],
    ["capabilities without end", "submission", "220 mx\r\n", "250-X\r\n"],
    ["features without end", "xmpp-client", "<s:stream version='1.0'><s:features>", "<a/>"],
  ] as const)("%s (%s)", async (_, protocol, first, more) => {
    const server = await startServer(inside(first, more), pki.served);
    open.push(server);
    const before = performance.now();
    const result = await look(server.port, protocol, "implicit", { anchors: [pki.root.pem] });
    expect(performance.now() - before).toBeLessThan(soonMs);
    expect(told(result)).toEqual(["fault net-reach"]);
    expect(result.entries[0]?.chain).toHaveLength(2);
    await expectClean(result);
  });
});
