// The probe against scripted servers: every corner case of reference/verify.md §1.3 and §2 gives its own observation.
import { describe, expect, test } from "vitest";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { type FakeServer, type Script, mailServer } from "../fakes/mail-server.ts";
import { issue, served } from "../fakes/pki.ts";
import { freePort } from "../free-ports.ts";
import { scripted } from "./scripted.ts";

const here = scripted();
const { serve, look } = here;
const probe = createProbe({ now: () => new Date() });

const kinds: readonly (readonly [ProtocolName, Mode])[] = [
  ["imap", "starttls"],
  ["imap", "implicit"],
  ["pop3", "starttls"],
  ["pop3", "implicit"],
  ["smtp", "starttls"],
  ["submission", "starttls"],
  ["submission", "implicit"],
  ["lmtp", "starttls"],
  ["sieve", "starttls"],
];

describe("a server that does all as it should", () => {
  test.each(kinds)("%s %s", async (protocol, mode) => {
    const server = await serve(mailServer(protocol, mode));
    const seen = await look(server, protocol, mode);
    expect(seen.error).toBeUndefined();
    expect(seen.tls).toMatchObject({ version: "TLSv1.3", group: expect.any(String) });
    expect(seen.tls?.verifyError).toBeUndefined();
    // As sent: the leaf and the intermediate, without the root that node would add.
    expect(seen.chain.map((der) => der.toString("hex"))).toEqual(
      [here.pki.leaf.der, here.pki.intermediate.der].map((der) => der.toString("hex")),
    );
    expect(seen.local).toBe(true);
    expect(seen.sni).toBe("mail.example.org");
    expect(seen.wrongMode).toBeUndefined();
    expect(seen.secure?.startTlsStillOffered).toBe(false);
    if (mode === "starttls")
      expect(seen.clear).toMatchObject({ startTlsOffered: true, injectedBytes: 0, authInClear: [] });
    expect(server.connections).toBe(1);
    expect(server.lines.at(-1)).toMatch(/^(QUIT|LOGOUT|a\d LOGOUT)$/);
  });
});

const big = `250-mail.example.org\r\n${Array.from({ length: 58 }, (_, n) => `250-X-EXTENSION-${n} ${"x".repeat(40)}\r\n`).join("")}250 STARTTLS\r\n`;

describe("corner cases that are no fault", () => {
  const cases: readonly (readonly [string, ProtocolName, Script])[] = [
    [
      "multi-line banner",
      "smtp",
      mailServer("smtp", "starttls", { greeting: "220-welcome\r\n220 mail.example.org ESMTP\r\n" }),
    ],
    [
      "banner in three pieces",
      "smtp",
      mailServer("smtp", "starttls", { cuts: (text) => [2, Math.floor(text.length / 2)] }),
    ],
    ["slow greeting", "smtp", mailServer("smtp", "starttls", { greetDelayMs: 1500 })],
    ["60 lines, 3 kB", "smtp", mailServer("smtp", "starttls", { capabilities: big })],
    [
      "lower-case starttls",
      "smtp",
      mailServer("smtp", "starttls", { capabilities: "250-mx\r\n250-starttls\r\n250 help\r\n" }),
    ],
    [
      "STARTTLS as the first line",
      "smtp",
      mailServer("smtp", "starttls", { capabilities: "250-mx\r\n250-STARTTLS\r\n250 HELP\r\n" }),
    ],
    [
      "bare LF",
      "smtp",
      mailServer("smtp", "starttls", {
        greeting: "220 mx\n",
        capabilities: "250-mx\n250 STARTTLS\n",
        goAhead: "220 go\n",
      }),
    ],
    ["not UTF-8", "smtp", mailServer("smtp", "starttls", { greeting: "220 m\xfcnchen ESMTP\r\n" })],
    ["no capabilities in the greeting", "imap", mailServer("imap", "starttls", { greeting: "* OK ready\r\n" })],
    [
      "IMAP4rev2 only, capabilities over two lines",
      "imap",
      mailServer("imap", "starttls", {
        greeting: "* OK ready\r\n",
        capabilities: "* CAPABILITY IMAP4rev2\r\n* CAPABILITY StartTLS LOGINDISABLED\r\n$TAG OK done\r\n",
      }),
    ],
    ["a literal in the banner", "imap", mailServer("imap", "starttls", { greeting: "* OK {4}\r\na\r\nb ready\r\n" })],
    [
      "CAPA unknown",
      "pop3",
      mailServer("pop3", "starttls", { capabilities: "-ERR unknown command\r\n", inside: "-ERR unknown command\r\n" }),
    ],
    [
      "literals in capabilities and in OK",
      "sieve",
      mailServer("sieve", "starttls", {
        greeting: '{14}\r\nIMPLEMENTATION {3+}\r\nx\r\n\r\n"starttls"\r\n"SASL" ""\r\nOK (TAG "x") {5}\r\nready\r\n',
        goAhead: "ok {2}\r\ngo\r\n",
      }),
    ],
    ["bare OK", "sieve", mailServer("sieve", "starttls", { goAhead: "OK\r\n" })],
  ];
  test.each(cases)("%s", async (_, protocol, script) => {
    const seen = await look(await serve(script), protocol, "starttls");
    expect(seen.error).toBeUndefined();
    expect(seen.clear?.startTlsOffered).toBe(true);
    expect(seen.chain).toHaveLength(2);
  });
});

describe("where it ends early, stage and reason say so", () => {
  const smtpSays = (behaviour: Parameters<typeof mailServer>[2]): Script => mailServer("smtp", "starttls", behaviour);
  const cases: readonly (readonly [string, ProtocolName, Script, string, string])[] = [
    ["421 as greeting", "smtp", smtpSays({ greeting: "421 4.7.0 too many connections\r\n" }), "greeting", "temporary"],
    ["554 as greeting", "smtp", smtpSays({ greeting: "554 5.7.1 blocked\r\n" }), "greeting", "declined"],
    ["not offered", "smtp", smtpSays({ capabilities: "250-mx\r\n250 HELP\r\n" }), "starttls", "not-offered"],
    ["454 after the offer", "smtp", smtpSays({ goAhead: "454 4.7.0 TLS not available\r\n" }), "starttls", "temporary"],
    ["502 after the offer", "smtp", smtpSays({ goAhead: "502 no\r\n" }), "starttls", "declined"],
    ["EHLO unknown, HELO works", "smtp", helo("250 mx\r\n"), "starttls", "not-offered"],
    ["our name refused", "smtp", helo("504 5.5.2 need fully-qualified hostname\r\n"), "greeting", "declined"],
    [
      "codes differ in a reply",
      "smtp",
      smtpSays({ capabilities: "250-mx\r\n220 STARTTLS\r\n" }),
      "starttls",
      "protocol",
    ],
    ["no mail server", "smtp", async (talk) => talk.send("SSH-2.0-OpenSSH_9.2\r\n"), "greeting", "protocol"],
    ["a line without end", "smtp", async (talk) => talk.send("220 ".padEnd(5000, "x")), "greeting", "protocol"],
    ["lines without end", "smtp", async (talk) => talk.send("220-x\r\n".repeat(70)), "greeting", "protocol"],
    ["hangs up at once", "smtp", async (talk) => talk.end(), "greeting", "closed"],
    [
      "hangs up after the go-ahead",
      "smtp",
      async (talk) => {
        await talk.send("220 mx\r\n");
        await talk.line();
        await talk.send("250 STARTTLS\r\n250 STARTTLS\r\n".slice(14).replace("250 ", "250-mx\r\n250 "));
        await talk.line();
        await talk.send("220 go\r\n");
        talk.end();
      },
      "starttls",
      "closed",
    ],
    [
      "PREAUTH",
      "imap",
      mailServer("imap", "starttls", { greeting: "* PREAUTH welcome back\r\n" }),
      "starttls",
      "protocol",
    ],
    [
      "BYE",
      "imap",
      mailServer("imap", "starttls", { greeting: "* BYE too many connections\r\n" }),
      "greeting",
      "temporary",
    ],
    ["NO", "imap", mailServer("imap", "starttls", { goAhead: "$TAG NO not now\r\n" }), "starttls", "declined"],
    ["BAD", "imap", mailServer("imap", "starttls", { goAhead: "$TAG BAD what\r\n" }), "starttls", "declined"],
    ["another tag", "imap", mailServer("imap", "starttls", { goAhead: ". OK go\r\n" }), "starttls", "protocol"],
    ["-ERR to STLS", "pop3", mailServer("pop3", "starttls", { goAhead: "-ERR no\r\n" }), "starttls", "declined"],
    [
      "neither CAPA nor STLS",
      "pop3",
      mailServer("pop3", "starttls", { capabilities: "-ERR\r\n", goAhead: "-ERR\r\n" }),
      "starttls",
      "not-offered",
    ],
    ["sieve NO", "sieve", mailServer("sieve", "starttls", { goAhead: 'NO "no"\r\n' }), "starttls", "declined"],
    [
      "sieve BYE",
      "sieve",
      mailServer("sieve", "starttls", { greeting: 'BYE (TRYLATER) "busy"\r\n' }),
      "greeting",
      "temporary",
    ],
  ];
  test.each(cases)("%s (%s)", async (_, protocol, script, stage, reason) => {
    const seen = await look(await serve(script), protocol, "starttls");
    expect(seen.error).toMatchObject({ stage, reason });
    expect(seen.chain).toEqual([]);
  });

  test("nobody listens", async () => {
    expect((await look({ port: await freePort() }, "imap", "implicit")).error).toMatchObject({
      stage: "connect",
      reason: "refused",
    });
  });

  test("says nothing at all: the budget ends it", async () => {
    const server = await serve(async () => undefined);
    const seen = await look(server, "submission", "starttls", { timeoutMs: 400 });
    expect(seen.error).toMatchObject({ stage: "greeting", reason: "timeout" });
    expect(seen.wrongMode).toBeUndefined();
  });

  test("a greeting that comes when the budget is nearly spent is called late", async () => {
    const server = await serve(mailServer("submission", "starttls", { greetDelayMs: 2400 }));
    const seen = await look(server, "submission", "starttls", { timeoutMs: 3000 });
    expect(seen.error).toMatchObject({
      stage: "greeting",
      reason: "timeout",
      message: expect.stringContaining("--timeout"),
    });
    expect(seen.wrongMode).toBeUndefined();
  });

  test("falls silent in the dialogue: what was learnt stays", async () => {
    const server = await serve(async (talk) => talk.send("220 mx.example.org ESMTP\r\n"));
    const seen = await look(server, "smtp", "starttls", { timeoutMs: 1500 });
    expect(seen.error).toMatchObject({ stage: "starttls", reason: "timeout" });
    expect(seen.clear?.greeting).toBe("220 mx.example.org ESMTP");
  });

  test("TLS that cannot be agreed on", async () => {
    const server = await serve(mailServer("imap", "implicit"), {
      ...here.pki.served,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
    });
    const seen = await look(server, "imap", "implicit");
    expect(seen.error).toMatchObject({
      stage: "handshake",
      reason: "tls",
      message: expect.stringContaining("TLS 1.2"),
    });
  });
});

const helo =
  (answer: string): Script =>
  async (talk) => {
    await talk.send("220 mx\r\n");
    for (;;) {
      const line = await talk.line();
      await talk.send(line.startsWith("EHLO") ? "502 what\r\n" : line.startsWith("HELO") ? answer : "221 bye\r\n");
    }
  };

describe("bytes between the go-ahead and the handshake", () => {
  const dialects: readonly (readonly [ProtocolName, string])[] = [
    ["smtp", "220 go\r\n"],
    ["imap", "a2 OK go\r\n"],
    ["pop3", "+OK go\r\n"],
    ["sieve", "OK\r\n"],
    ["lmtp", "220 go\r\n"],
  ];
  test.each(dialects)("%s: in the same packet, counted exactly", async (protocol, goAhead) => {
    const server = await serve(mailServer(protocol, "starttls", { goAhead: `${goAhead}250-injected\r\n` }));
    const seen = await look(server, protocol, "starttls");
    expect(seen.error).toMatchObject({ stage: "starttls", reason: "injected" });
    expect(seen.clear?.injectedBytes).toBe(14);
    expect(seen.tls).toBeUndefined();
  });
  test.each(dialects)("%s: in a packet of its own, seen all the same", async (protocol, goAhead) => {
    const server = await serve(
      mailServer(protocol, "starttls", { goAhead: `${goAhead}injected by someone\r\n`, cuts: () => [goAhead.length] }),
    );
    const seen = await look(server, protocol, "starttls");
    expect(seen.error).toMatchObject({ stage: "starttls", reason: "injected" });
    expect(seen.clear?.injectedBytes).toBeGreaterThan(0);
  });
});

describe("a server that cannot start TLS says so behind its go-ahead, and hangs up (Dovecot without a usable key)", () => {
  const dialects: readonly (readonly [ProtocolName, readonly string[], string])[] = [
    [
      "imap",
      ["* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "a2 OK go\r\n"],
      "* BYE [UNAVAILABLE] TLS initialization failed.\r\n",
    ],
    ["pop3", ["+OK ready\r\n", "+OK\r\nSTLS\r\n.\r\n", "+OK go\r\n"], "-ERR [SYS/TEMP] TLS initialization failed.\r\n"],
    ["sieve", ['"STARTTLS"\r\nOK "ready"\r\n', 'OK "go"\r\n'], 'BYE "TLS initialization failed."\r\n'],
  ];
  /** `when`: its last words come with the go-ahead, or (first connection) only after our first words in TLS. */
  const failing = (says: readonly string[], last: string, when: "at once" | "late", ends = true): Script => {
    let connections = 0;
    return async (talk) => {
      connections += 1;
      const late = when === "late" && connections === 1;
      for (const [index, text] of says.entries()) {
        if (index > 0) await talk.line();
        await talk.send(index === says.length - 1 && !late ? text + last : text);
      }
      if (late) {
        await talk.take((buffer) => buffer.length);
        await talk.send(last);
      }
      if (ends) talk.end();
      else await talk.line();
    };
  };
  test.each(dialects.flatMap((one) => [[...one, "at once"] as const, [...one, "late"] as const]))(
    "%s: quoted, and nobody is said to have injected it",
    async (protocol, says, last, when) => {
      const server = await serve(failing(says, last, when));
      const seen = await look(server, protocol, "starttls", { transcript: true });
      expect(seen.error).toEqual({
        stage: "handshake",
        reason: "tls",
        message: 'the server says go ahead and then cannot start TLS: "TLS initialization failed."',
      });
      expect(seen.clear?.injectedBytes).toBe(0);
      expect(seen.transcript?.at(-1)).toMatchObject({ from: "server", text: expect.stringContaining("TLS init") });
      expect(server.connections).toBe(when === "late" ? 2 : 1);
    },
  );
  test("the same words, and the session goes on: injected", async () => {
    const [, says, last] = dialects[0] ?? ["imap", [], ""];
    const seen = await look(await serve(failing(says, last, "at once", false)), "imap", "starttls");
    expect(seen.error).toMatchObject({ stage: "starttls", reason: "injected" });
    expect(seen.clear?.injectedBytes).toBe(last.length);
  });
});

describe("the wrong mode", () => {
  test.each(["imap", "pop3", "submission"] as const)("plain %s on an implicit port", async (protocol) => {
    const seen = await look(await serve(mailServer(protocol, "starttls")), protocol, "implicit");
    expect(seen).toMatchObject({ wrongMode: true, error: { stage: "handshake", reason: "protocol" } });
  });
  test.each(["sieve", "imap"] as const)("TLS at once on a STARTTLS port (%s)", async (protocol) => {
    const seen = await look(await serve(mailServer(protocol, "implicit")), protocol, "starttls", { timeoutMs: 2400 });
    expect(seen).toMatchObject({ wrongMode: true, error: { stage: "greeting" }, tls: { version: "TLSv1.3" } });
    expect(seen.chain).toHaveLength(2);
  });
});

describe("inside TLS", () => {
  test("STARTTLS still listed", async () => {
    const seen = await look(
      await serve(mailServer("smtp", "starttls", { inside: "250-mx\r\n250 STARTTLS\r\n" })),
      "smtp",
      "starttls",
    );
    expect(seen.secure?.startTlsStillOffered).toBe(true);
  });
  test("421 inside implicit TLS keeps the certificate", async () => {
    const seen = await look(
      await serve(mailServer("submission", "implicit", { greeting: "421 busy\r\n" })),
      "submission",
      "implicit",
    );
    expect(seen.error).toMatchObject({ stage: "greeting", reason: "temporary" });
    expect(seen.chain).toHaveLength(2);
  });
  test("handshake only: closes after the handshake", async () => {
    const server = await serve(mailServer("imap", "implicit"));
    const seen = await look(server, "imap", "implicit", { dialogue: "handshake" });
    expect(seen.error).toBeUndefined();
    expect(seen.secure).toBeUndefined();
    expect(server.lines).toEqual([]);
  });
});

describe("what is offered in clear", () => {
  const cases: readonly (readonly [ProtocolName, Parameters<typeof mailServer>[2], readonly string[]])[] = [
    [
      "submission",
      { capabilities: "250-mx\r\n250-AUTH PLAIN LOGIN\r\n250-AUTH=LOGIN PLAIN\r\n250 STARTTLS\r\n" },
      ["PLAIN", "LOGIN"],
    ],
    [
      "imap",
      { greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN auth=CRAM-MD5] hi\r\n" },
      ["PLAIN", "CRAM-MD5", "LOGIN"],
    ],
    ["pop3", { capabilities: "+OK\r\nUSER\r\nSTLS\r\nSASL PLAIN\r\n.\r\n" }, ["USER", "PLAIN"]],
    ["sieve", { greeting: '"SASL" "PLAIN"\r\n"STARTTLS"\r\nOK\r\n' }, ["PLAIN"]],
  ];
  test.each(cases)("%s", async (protocol, behaviour, mechanisms) => {
    const seen = await look(await serve(mailServer(protocol, "starttls", behaviour)), protocol, "starttls");
    expect(seen.clear?.authInClear).toEqual(mechanisms);
  });
});

describe("the chain as sent, and OpenSSL's verdict", () => {
  test("mis-ordered, doubled, with a root", async () => {
    const { leaf, intermediate, root } = here.pki;
    const server = await serve(mailServer("imap", "implicit"), served(leaf, root, intermediate, intermediate));
    const seen = await look(server, "imap", "implicit");
    expect(seen.chain.map((der) => der.toString("hex"))).toEqual(
      [leaf, root, intermediate, intermediate].map(({ der }) => der.toString("hex")),
    );
  });
  test("leaf only", async () => {
    const seen = await look(await serve(mailServer("imap", "implicit"), served(here.pki.leaf)), "imap", "implicit");
    expect(seen.chain).toHaveLength(1);
    expect(seen.tls?.verifyError).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });
  test("self-signed", async () => {
    const own = await issue({ names: ["mail.example.org"] });
    const seen = await look(await serve(mailServer("imap", "implicit"), served(own)), "imap", "implicit");
    expect(seen.tls?.verifyError).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  });
  test("no anchors: nothing is trusted", async () => {
    const seen = await look(await serve(mailServer("imap", "implicit")), "imap", "implicit", { anchors: [] });
    expect(seen.tls?.verifyError).toBeDefined();
  });
  test("a name that the certificate does not carry is no error of the path", async () => {
    const other = await issue({ names: ["other.example"], by: here.pki.intermediate });
    const seen = await look(
      await serve(mailServer("imap", "implicit"), served(other, here.pki.intermediate)),
      "imap",
      "implicit",
    );
    expect(seen.tls?.verifyError).toBeUndefined();
  });
});

describe("SNI and key types", () => {
  test("dual certificates: each slot gets its own", async () => {
    const rsa = await issue({ names: ["mail.example.org"], by: here.pki.intermediate, key: "RSA-2048" });
    const both = {
      key: [here.pki.leaf.privateKey, rsa.privateKey],
      cert: [here.pki.served.cert, served(rsa, here.pki.intermediate).cert],
    };
    const server = await serve(mailServer("imap", "implicit"), both);
    const ecdsa = await look(server, "imap", "implicit", { slot: "ecdsa" });
    const other = await look(server, "imap", "implicit", { slot: "rsa" });
    expect(ecdsa.chain[0]?.equals(here.pki.leaf.der)).toBe(true);
    expect(other.chain[0]?.equals(rsa.der)).toBe(true);
  });
  test("sni: false sends none; an IP address is never sent", async () => {
    const server = await serve(mailServer("imap", "implicit"));
    expect((await look(server, "imap", "implicit", { sni: false })).sni).toBeUndefined();
    const byIp = await probe(
      { protocol: "imap", mode: "implicit", host: "127.0.0.1", address: "127.0.0.1", port: server.port },
      { timeoutMs: 4000, ehlo: "", anchors: [here.pki.root.pem], dialogue: "full" },
    );
    expect(byIp.sni).toBeUndefined();
    expect(byIp.error).toBeUndefined();
  });
  test("an empty EHLO name becomes the literal of our address", async () => {
    const server = await serve(mailServer("smtp", "starttls"));
    await look(server, "smtp", "starttls", { ehlo: "" });
    expect(server.lines[0]).toBe("EHLO [127.0.0.1]");
  });
});

describe("a ClientHello that is too large", () => {
  test("reset once: tried again with small groups, and noted", async () => {
    const usual = mailServer("imap", "implicit");
    const reset: FakeServer = await serve(async (talk) => {
      if (reset.connections > 1) return usual(talk);
      await talk.sleep(20);
      talk.reset();
    });
    const largeProbe = createProbe({ now: () => new Date(), largeHello: () => true });
    const entry = {
      protocol: "imap",
      mode: "implicit",
      host: "mail.example.org",
      address: "127.0.0.1",
      port: reset.port,
    } as const;
    const seen = await largeProbe(entry, { timeoutMs: 4000, ehlo: "", anchors: [here.pki.root.pem], dialogue: "full" });
    expect(seen.error).toBeUndefined();
    expect(seen.tls?.smallHelloOnly).toBe(true);
    expect(reset.connections).toBe(2);
  });
});

test("a stop from outside rejects", async () => {
  const server = await serve(async () => undefined);
  const stop = new AbortController();
  const waiting = look(server, "imap", "implicit", { signal: stop.signal });
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
});
