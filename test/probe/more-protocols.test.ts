// The probe against scripted NNTP, XMPP, LDAP and FTP servers: each row of reference/verify.md §2 (Optional) and its corner cases.
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { describe, expect, test } from "vitest";
import { ldapMessage, noticeOfDisconnection, searchDone, startTlsResponse } from "../fakes/ldap-server.ts";
import { type Behaviour, type Script, mailServer } from "../fakes/mail-server.ts";
import { scripted } from "./scripted.ts";

const scene = scripted();
const { serve, look } = scene;

const names = ["nntp", "xmpp-client", "xmpp-server", "ldap", "ftp"] as const;
type Name = (typeof names)[number];
const both = names.flatMap((name) => [[name, "starttls"] as const, [name, "implicit"] as const]);

const header =
  "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>";
const streamError = (condition: string, text = ""): string =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>${text}</stream:error></stream:stream>`;

const goodbyes: Readonly<Record<Name, RegExp>> = {
  nntp: /^QUIT$/,
  ftp: /^QUIT$/,
  "xmpp-client": /^<\/stream:stream>$/,
  "xmpp-server": /^<\/stream:stream>$/,
  ldap: /^0\x05\x02\x01\x03B\x00$/,
};

describe("a server that does all as it should", () => {
  test.each(both)("%s %s", async (protocol, mode) => {
    const server = await serve(mailServer(protocol, mode));
    const seen = await look(server, protocol, mode);
    expect(seen.error).toBeUndefined();
    expect(seen.tls?.verifyError).toBeUndefined();
    expect(seen.chain).toHaveLength(2);
    expect(seen.sni).toBe("mail.example.org");
    expect(seen.secure).toMatchObject({ startTlsStillOffered: false });
    expect(seen.secure?.capabilities.length).toBeGreaterThan(0);
    if (mode === "starttls")
      expect(seen.clear).toMatchObject({ startTlsOffered: true, injectedBytes: 0, authInClear: [] });
    expect(server.connections).toBe(1);
    expect(server.lines.at(-1)).toMatch(goodbyes[protocol]);
  });

  test.each(both)("%s %s, byte by byte", async (protocol, mode) => {
    const server = await serve(
      mailServer(protocol, mode, { cuts: ({ length }) => Array.from({ length }, (_, at) => at) }),
    );
    const seen = await look(server, protocol, mode);
    expect(seen.error).toBeUndefined();
    expect(seen.chain).toHaveLength(2);
  });

  test.each(names)("%s, slow to answer", async (protocol) => {
    const seen = await look(await serve(mailServer(protocol, "starttls", { greetDelayMs: 300 })), protocol, "starttls");
    expect(seen.error).toBeUndefined();
  });

  test("XMPP asks for the domain in both streams, servers say who they are where they have a name", async () => {
    const clients = await serve(mailServer("xmpp-client", "starttls"));
    await look(clients, "xmpp-client", "starttls");
    const streams = clients.lines.filter((line) => line.includes("<stream:stream "));
    expect(streams).toHaveLength(2);
    for (const stream of streams) {
      expect(stream).toContain("xmlns='jabber:client'");
      expect(stream).toContain(" to='mail.example.org' ");
      expect(stream).not.toContain(" from=");
    }
    const servers = await serve(mailServer("xmpp-server", "starttls"));
    await look(servers, "xmpp-server", "starttls");
    expect(servers.lines[0]).toMatch(/xmlns='jabber:server'.* from='verifier\.example\.net' to='mail\.example\.org'/);
    const nameless = await serve(mailServer("xmpp-server", "starttls"));
    await look(nameless, "xmpp-server", "starttls", { ehlo: "" });
    expect(nameless.lines[0]).not.toContain(" from=");
  });

  test("XMPP with TLS at once says which protocol it is (XEP-0368): the port may be shared; nobody else does", async () => {
    const heard: (readonly string[])[] = [];
    const shared = createServer(
      {
        ...scene.pki.served,
        ALPNCallback: ({ protocols }) => {
          heard.push(protocols);
          return protocols[0];
        },
      },
      (socket) => socket.on("error", () => undefined).end(),
    );
    await new Promise<void>((resolve) => shared.listen(0, "127.0.0.1", resolve));
    const { port } = shared.address() as AddressInfo;
    for (const protocol of ["xmpp-client", "xmpp-server", "imap"] as const) {
      const seen = await look({ port }, protocol, "implicit");
      expect(seen.chain).toHaveLength(2);
    }
    await new Promise((resolve) => shared.close(resolve));
    expect(heard).toEqual([["xmpp-client"], ["xmpp-server"]]);
  });

  test("FTP that takes AUTH TLS without listing it (vsftpd) is told from one that lists it", async () => {
    const capabilities = "211-F\r\n UTF8\r\n211 End\r\n";
    const seen = await look(await serve(mailServer("ftp", "starttls", { capabilities })), "ftp", "starttls");
    expect(seen).toMatchObject({ clear: { startTlsOffered: false }, tls: { version: "TLSv1.3" } });
    expect(seen.error).toBeUndefined();
  });

  test("LDAP shows what the root DSE says", async () => {
    const seen = await look(await serve(mailServer("ldap", "implicit")), "ldap", "implicit");
    expect(seen.secure?.capabilities).toContain("supportedSASLMechanisms EXTERNAL PLAIN");
  });
});

describe("corner cases that are no fault", () => {
  const cases: readonly (readonly [string, Name, Behaviour])[] = [
    ["posting allowed", "nntp", { greeting: "200 hi\r\n" }],
    ["older than CAPABILITIES", "nntp", { capabilities: "500 what\r\n", inside: "500 what\r\n" }],
    ["lower-case starttls", "nntp", { capabilities: "101 list\r\nstarttls\r\n.\r\n" }],
    ["bare LF", "nntp", { greeting: "200 hi\n", capabilities: "101 x\nSTARTTLS\n.\n", goAhead: "382 go\n" }],
    ["FEAT unknown", "ftp", { capabilities: "500 what\r\n", inside: "500 what\r\n" }],
    ["FEAT only after a login", "ftp", { capabilities: "530 log in first\r\n", inside: "530 log in first\r\n" }],
    ["AUTH with several words", "ftp", { capabilities: "211-Features\r\n AUTH SSL TLS\r\n211 End\r\n" }],
    ["AUTH with semicolons", "ftp", { capabilities: "211-Features\r\n AUTH TLS;TLS-C;SSL;\r\n211 End\r\n" }],
    ["a line that looks like the end", "ftp", { greeting: "220-a\r\n2200 b\r\n 220 c\r\n221 d\r\n220 e\r\n" }],
    ["not UTF-8", "ftp", { greeting: "220 m\xfcnchen\r\n" }],
    [
      "double quotes, other prefixes, white space and a > inside quotes",
      "xmpp-client",
      {
        greeting: `<?xml version="1.0" encoding="UTF-8"?>\n<s:stream xmlns:s="http://etherx.jabber.org/streams" id="a>b" version="1.0">`,
        capabilities: `\n<s:features >\n <c xmlns='x' node='y>z'/><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"></starttls></s:features>`,
        goAhead: `<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"></proceed>`,
      },
    ],
    [
      "lengths in the long form, as Active Directory writes them",
      "ldap",
      {
        goAhead:
          "0\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20037",
      },
    ],
    [
      "an answer without responseName",
      "ldap",
      { goAhead: ldapMessage(1, 0x78, Buffer.from("\n\x01\x00\x04\x00\x04\x00")) },
    ],
    ["a root DSE that is not for everybody", "ldap", { inside: searchDone(50) }],
  ];
  test.each(cases)("%s (%s)", async (_, protocol, behaviour) => {
    const seen = await look(await serve(mailServer(protocol, "starttls", behaviour)), protocol, "starttls");
    expect(seen.error).toBeUndefined();
    expect(seen.clear?.startTlsOffered).toBe(true);
    expect(seen.chain).toHaveLength(2);
  });
});

const says =
  (bytes: string): Script =>
  async (talk) => {
    await talk.send(bytes);
    // Hangs up only when the client does.
    await talk.take(() => 0);
  };

describe("where it ends early, stage and reason say so", () => {
  const cases: readonly (readonly [string, Name, Behaviour, string, string, RegExp])[] = [
    ["400 as greeting", "nntp", { greeting: "400 too many\r\n" }, "greeting", "temporary", /too many/],
    ["502 as greeting", "nntp", { greeting: "502 no access\r\n" }, "greeting", "declined", /no access/],
    ["not offered", "nntp", { capabilities: "101 x\r\nVERSION 2\r\n.\r\n" }, "starttls", "not-offered", /STARTTLS/],
    ["580", "nntp", { goAhead: "580 no TLS\r\n" }, "starttls", "declined", /no TLS/],
    ["483", "nntp", { goAhead: "483 what\r\n" }, "starttls", "declined", /483/],
    ["403", "nntp", { goAhead: "403 fault\r\n" }, "starttls", "temporary", /403/],
    [
      "neither CAPABILITIES nor STARTTLS",
      "nntp",
      { capabilities: "500 what\r\n", goAhead: "500 what\r\n" },
      "starttls",
      "not-offered",
      /500/,
    ],
    ["421 as greeting", "ftp", { greeting: "421 too many\r\n" }, "greeting", "temporary", /too many/],
    ["ready in some minutes", "ftp", { greeting: "120 ready in 5 minutes\r\n" }, "greeting", "temporary", /5 minutes/],
    ["421 to FEAT", "ftp", { capabilities: "421 closing\r\n" }, "starttls", "temporary", /closing/],
    [
      "no AUTH TLS in FEAT, none taken (vsftpd)",
      "ftp",
      { capabilities: "211-F\r\n UTF8\r\n211 End\r\n", goAhead: "530 Please login with USER and PASS.\r\n" },
      "starttls",
      "not-offered",
      /Please login/,
    ],
    ["431", "ftp", { goAhead: "431 resource\r\n" }, "starttls", "temporary", /431/],
    ["534", "ftp", { goAhead: "534 policy\r\n" }, "starttls", "declined", /534/],
    ["334 is no TLS", "ftp", { goAhead: "334 data\r\n" }, "starttls", "temporary", /334/],
    ["AUTH unknown", "ftp", { capabilities: "500\r\n", goAhead: "502 what\r\n" }, "starttls", "not-offered", /502/],
    [
      "another domain",
      "xmpp-client",
      { greeting: header + streamError("host-unknown") },
      "greeting",
      "declined",
      /does not serve mail\.example\.org/,
    ],
    [
      "too many",
      "xmpp-client",
      { greeting: header + streamError("resource-constraint", "<text>too many</text>") },
      "greeting",
      "temporary",
      /resource-constraint \(too many\)/,
    ],
    [
      "no starttls feature",
      "xmpp-server",
      { capabilities: "<stream:features/>" },
      "starttls",
      "not-offered",
      /starttls/,
    ],
    [
      "older than 1.0",
      "xmpp-server",
      { greeting: "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='1'>", capabilities: "" },
      "starttls",
      "not-offered",
      /starttls/,
    ],
    ["failure", "xmpp-client", { goAhead: "<failure/></stream:stream>" }, "starttls", "declined", /<failure\/>/],
    ["another answer", "xmpp-client", { goAhead: "<message/>" }, "starttls", "protocol", /<message>/],
    [
      "a document type",
      "xmpp-client",
      { greeting: "<!DOCTYPE x [<!ENTITY a 'b'>]>" },
      "greeting",
      "protocol",
      /XML element/,
    ],
    [
      "tags that do not match",
      "xmpp-client",
      { capabilities: "<stream:features><a></b>" },
      "starttls",
      "protocol",
      /<\/a>/,
    ],
    [
      "unknown operation",
      "ldap",
      { goAhead: startTlsResponse(2, "unsupported") },
      "starttls",
      "not-offered",
      /protocolError: unsupported/,
    ],
    [
      "unavailable",
      "ldap",
      { goAhead: startTlsResponse(52, "no TLS") },
      "starttls",
      "temporary",
      /unavailable: no TLS/,
    ],
    ["TLS already", "ldap", { goAhead: startTlsResponse(1) }, "starttls", "declined", /operationsError/],
    [
      "disconnected",
      "ldap",
      { greeting: noticeOfDisconnection(52, "going down") },
      "greeting",
      "temporary",
      /going down/,
    ],
    ["another message", "ldap", { goAhead: searchDone() }, "greeting", "protocol", /answer to StartTLS/],
    ["no BER inside", "ldap", { goAhead: "0\x03\x02\x01\x01" }, "greeting", "protocol", /cannot be read/],
    ["a message of 1 GB", "ldap", { goAhead: "0\x84\x40\x00\x00\x00" }, "greeting", "protocol", /32 KiB/],
    ["an endless length", "ldap", { goAhead: "0\x80" }, "greeting", "protocol", /LDAP message/],
  ];
  test.each(cases)("%s (%s)", async (_, protocol, behaviour, stage, reason, message) => {
    const seen = await look(await serve(mailServer(protocol, "starttls", behaviour)), protocol, "starttls");
    expect(seen.error).toMatchObject({ stage, reason, message: expect.stringMatching(message) });
    expect(seen.chain).toEqual([]);
  });

  test.each(names)("%s: another protocol on the port", async (protocol) => {
    const seen = await look(await serve(says("SSH-2.0-OpenSSH_9.2\r\n")), protocol, "starttls");
    expect(seen.error).toMatchObject({ stage: "greeting", reason: "protocol" });
  });

  test.each(names)("%s: hangs up at once", async (protocol) => {
    const seen = await look(await serve(async (talk) => talk.end()), protocol, "starttls");
    expect(seen.error).toMatchObject({ stage: "greeting", reason: "closed" });
  });

  test.each(names)("%s: says nothing at all", async (protocol) => {
    const seen = await look(await serve(async () => undefined), protocol, "starttls", { timeoutMs: 400 });
    expect(seen.error).toMatchObject({ stage: "greeting", reason: "timeout" });
  });

  test.each(["xmpp-client", "ldap"] as const)(
    "%s: inside TLS another protocol keeps the certificate",
    async (protocol) => {
      const script: Script = async (talk) => {
        await talk.startTls();
        await says("* OK IMAP\r\n")(talk);
      };
      const seen = await look(await serve(script), protocol, "implicit");
      expect(seen.error).toMatchObject({ reason: "protocol" });
      expect(seen.chain).toHaveLength(2);
    },
  );
});

describe("hostile servers: bounded in time and memory", () => {
  const endless =
    (first: string, more: string): Script =>
    async (talk) => {
      await talk.send(first);
      for (let count = 0; count < 20_000; count += 1) {
        await talk.send(more);
        if (count % 100 === 0) await talk.sleep(0);
      }
    };
  const cases: readonly (readonly [string, Name, Script])[] = [
    ["a greeting without end", "nntp", endless("200 ", "x".repeat(100))],
    ["capabilities without end", "nntp", endless("200 hi\r\n101 list\r\n", "X\r\n")],
    ["lines without end", "ftp", endless("220-", "x\r\n")],
    ["a tag without end", "xmpp-client", endless("<stream:stream ", "x".repeat(100))],
    ["a quote without end", "xmpp-client", endless("<stream:stream x='", ">".repeat(100))],
    ["white space without end", "xmpp-client", endless("", " ".repeat(100))],
    ["features without end", "xmpp-client", endless(`${header}<stream:features>`, "<a/>")],
    ["features ever deeper", "xmpp-client", endless(`${header}<stream:features>`, "<a>")],
    ["declarations without end", "xmpp-server", endless("", "<?xml version='1.0'?>")],
    ["a message of 4 GB", "ldap", endless("0\x84\xff\xff\xff\xff", "x".repeat(100))],
  ];
  test.each(cases)("%s (%s)", async (_, protocol, script) => {
    const seen = await look(await serve(script), protocol, "starttls");
    expect(seen.error).toMatchObject({ reason: "protocol" });
  });

  test("terminal escapes in what is said do not get through", async () => {
    const escape = "\x1b]0;owned\x07\x9b31m";
    const seen = await Promise.all([
      look(await serve(mailServer("nntp", "starttls", { greeting: `502 ${escape}\r\n` })), "nntp", "starttls"),
      look(await serve(mailServer("ftp", "starttls", { greeting: `530 ${escape}\r\n` })), "ftp", "starttls"),
      look(await serve(mailServer("ldap", "starttls", { goAhead: startTlsResponse(53, escape) })), "ldap", "starttls"),
      look(
        await serve(
          mailServer("xmpp-client", "starttls", {
            greeting: `<stream:stream x='${escape}' version='1.0'>${streamError("x", `<text>${escape}</text>`)}`,
          }),
        ),
        "xmpp-client",
        "starttls",
      ),
    ]);
    for (const one of seen) {
      expect(one.error?.message).toContain("owned");
      expect(JSON.stringify({ ...one, chain: [] })).not.toMatch(/\\u001b|\\u0007|\x9b/);
    }
  });
});

const goAheads: Readonly<Record<Name, string>> = {
  nntp: "382 go\r\n",
  ftp: "234 go\r\n",
  "xmpp-client": "<proceed/>",
  "xmpp-server": "<proceed/>",
  ldap: startTlsResponse(0),
};

describe("bytes between the go-ahead and the handshake", () => {
  test.each(names)("%s: in the same packet, counted exactly", async (protocol) => {
    const goAhead = `${goAheads[protocol]}injected`;
    const seen = await look(await serve(mailServer(protocol, "starttls", { goAhead })), protocol, "starttls");
    expect(seen.error).toMatchObject({ stage: "starttls", reason: "injected" });
    expect(seen.clear?.injectedBytes).toBe(8);
    expect(seen.tls).toBeUndefined();
  });
  test.each(names)("%s: in a packet of its own, seen all the same", async (protocol) => {
    const goAhead = `${goAheads[protocol]}injected by someone`;
    const cuts = (text: string) => (text === goAhead ? [goAheads[protocol].length] : []);
    const seen = await look(await serve(mailServer(protocol, "starttls", { goAhead, cuts })), protocol, "starttls");
    expect(seen.error).toMatchObject({ stage: "starttls", reason: "injected" });
    expect(seen.clear?.injectedBytes).toBeGreaterThan(0);
  });
});

describe("the wrong mode", () => {
  test.each(["nntp", "ftp"] as const)("plain %s on an implicit port", async (protocol) => {
    const seen = await look(await serve(mailServer(protocol, "starttls")), protocol, "implicit");
    expect(seen).toMatchObject({ wrongMode: true, error: { stage: "handshake", reason: "protocol" } });
  });
  test("plain XMPP on an implicit port answers a ClientHello with a stream error", async () => {
    const script: Script = async (talk) => {
      await talk.take((buffer) => buffer.length);
      await talk.send(header + streamError("not-well-formed"));
      talk.end();
    };
    const seen = await look(await serve(script), "xmpp-client", "implicit");
    expect(seen).toMatchObject({ wrongMode: true, error: { stage: "handshake", reason: "protocol" } });
  });
  test.each(["nntp", "ftp"] as const)("TLS at once on a STARTTLS port (%s)", async (protocol) => {
    const seen = await look(await serve(mailServer(protocol, "implicit")), protocol, "starttls", { timeoutMs: 2400 });
    expect(seen).toMatchObject({ wrongMode: true, error: { stage: "greeting" }, tls: { version: "TLSv1.3" } });
  });
  test.each(["xmpp-client", "ldap"] as const)(
    "TLS at once on a STARTTLS port (%s): the alert is known",
    async (protocol) => {
      const script: Script = async (talk) => {
        await talk.take((buffer) => buffer.length);
        await talk.send("\x15\x03\x01\x00\x02\x02\x46");
        talk.end();
      };
      const seen = await look(await serve(script), protocol, "starttls");
      expect(seen.error).toMatchObject({
        stage: "greeting",
        reason: "protocol",
        message: expect.stringContaining("the server wants TLS at once on this port"),
      });
    },
  );
});

describe("what is offered in clear", () => {
  const cases: readonly (readonly [Name, Behaviour, readonly string[]])[] = [
    [
      "nntp",
      { capabilities: "101 x\r\nSTARTTLS\r\nAUTHINFO USER SASL\r\nSASL PLAIN CRAM-MD5\r\n.\r\n" },
      ["USER", "PLAIN", "CRAM-MD5"],
    ],
    ["nntp", { capabilities: "101 x\r\nSTARTTLS\r\nAUTHINFO\r\nSASL PLAIN\r\n.\r\n" }, []],
    [
      "xmpp-client",
      {
        capabilities:
          "<stream:features><starttls/><mechanisms><mechanism>plain</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>",
      },
      ["PLAIN", "SCRAM-SHA-1"],
    ],
  ];
  test.each(cases)("%s", async (protocol, behaviour, mechanisms) => {
    const seen = await look(await serve(mailServer(protocol, "starttls", behaviour)), protocol, "starttls");
    expect(seen.clear?.authInClear).toEqual(mechanisms);
  });
  test("STARTTLS still listed inside TLS (NNTP, XMPP)", async () => {
    const news = mailServer("nntp", "starttls", { inside: "101 x\r\nSTARTTLS\r\n.\r\n" });
    expect((await look(await serve(news), "nntp", "starttls")).secure?.startTlsStillOffered).toBe(true);
    const chat = mailServer("xmpp-client", "implicit", { inside: "<stream:features><starttls/></stream:features>" });
    expect((await look(await serve(chat), "xmpp-client", "implicit")).secure?.startTlsStillOffered).toBe(true);
  });
});
