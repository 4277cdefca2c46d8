// Certificates and banners made to deceive whoever reads the report: escapes, markup, floods of names, chains without end.
import { beforeAll, describe, expect, test } from "vitest";
import { X509Certificate } from "node:crypto";
import { mailServer } from "../fakes/mail-server.ts";
import { startTlsResponse } from "../fakes/ldap-server.ts";
import { type Issued, issue, served } from "../fakes/pki.ts";
import { told } from "../fakes/told.ts";
import { scripted } from "../probe/scripted.ts";
import { expectClean, look, reportsOf } from "./looking.ts";

/** Colour, window title, C1, line and bidi controls, NUL, and markup. */
const escapes =
  "\x1b[31mowned\x1b]0;x\x07 \x9b31m\r\nOK all is well\u2028\u202e\0<script>alert(1)</script>&<img src=x>]]>";
const scene = scripted();
const { serve } = scene;
let hostile: Issued;
beforeAll(async () => {
  const ca = await issue({ subject: [{ CN: [`${escapes} CA`] }], ca: true });
  hostile = await issue({ subject: [{ CN: [escapes] }], names: [escapes, "mail.example.com"], by: ca });
});

test("the hostile certificate is one", () => {
  const { subject, issuer, subjectAltName } = new X509Certificate(hostile.pem);
  for (const field of [subject, issuer, subjectAltName]) expect(field).toContain("owned");
  expect(hostile.der.includes("\x1b[31mowned")).toBe(true);
});

describe("subject, SAN and issuer", () => {
  test.each(["imap", "smtp"] as const)("%s", async (protocol) => {
    const server = await serve(mailServer(protocol, "starttls"), served(hostile));
    const result = await look(server.port, protocol, "starttls", { full: true, transcript: true });
    expect(told(result)).toEqual(
      expect.arrayContaining([expect.stringMatching(/cert-name$/), expect.stringMatching(/cert-trust$/)]),
    );
    const messages = result.entries.flatMap(({ findings }) => findings.map(({ message }) => message)).join(" ");
    expect(messages).toContain("owned");
    await expectClean(result);
  });

  test("a thousand names", async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `host-${index}.${"x".repeat(50)}.example`);
    const many = await issue({ names, by: scene.pki.intermediate });
    const server = await serve(mailServer("imap", "implicit"), served(many, scene.pki.intermediate));
    const result = await look(server.port, "imap", "implicit", { anchors: [scene.pki.root.pem] });
    expect(told(result)).toEqual(["fault cert-name"]);
    for (const { message } of result.entries[0]?.findings ?? []) expect(message.length).toBeLessThan(600);
    const { text, html, nagios } = await reportsOf(result);
    expect(text.length).toBeLessThan(3_000);
    expect(nagios.length).toBeLessThan(8_192);
    expect(html.length).toBeLessThan(100_000);
  });

  test("a common name of 60 kB", async () => {
    const long = await issue({ subject: `CN=${"x".repeat(60_000)}` });
    const server = await serve(mailServer("imap", "implicit"), served(long));
    const result = await look(server.port, "imap", "implicit");
    for (const { message } of result.entries[0]?.findings ?? []) expect(message.length).toBeLessThan(600);
    await expectClean(result);
  });
});

test("a chain of 100 certificates: so many are looked at, and it is said", async () => {
  const others = await Promise.all(
    Array.from({ length: 98 }, (_, index) => issue({ subject: `CN=Other ${index}`, ca: true })),
  );
  const server = await serve(mailServer("imap", "implicit"), served(scene.pki.leaf, scene.pki.intermediate, ...others));
  const result = await look(server.port, "imap", "implicit", { anchors: [scene.pki.root.pem] });
  expect(result.entries[0]?.chain.length).toBeLessThanOrEqual(32);
  expect(told(result)).toEqual(["warning cert-form", "warning cert-chain"]);
  await expectClean(result);
});

describe("what is said in clear", () => {
  const line = escapes.replaceAll(/[\r\n]/g, " ");
  const said: readonly (readonly [string, Parameters<typeof mailServer>[0], Parameters<typeof mailServer>[2]])[] = [
    ["SMTP's greeting", "smtp", { greeting: `554 ${line}\r\n` }],
    ["SMTP's capabilities", "submission", { capabilities: `${line}\r\n` }],
    ["the answer to STARTTLS", "smtp", { goAhead: `454 ${line}\r\n` }],
    ["IMAP's BYE", "imap", { greeting: `* BYE ${line}\r\n` }],
    ["a literal", "imap", { greeting: `* BYE {${escapes.length}}\r\n${escapes} x\r\n` }],
    ["IMAP's tagged NO", "imap", { goAhead: `$TAG NO ${line}\r\n` }],
    ["POP3's -ERR", "pop3", { greeting: `-ERR ${line}\r\n` }],
    ["ManageSieve's NO", "sieve", { goAhead: `NO {${escapes.length}}\r\n${escapes}\r\n` }],
    ["NNTP's greeting", "nntp", { greeting: `502 ${line}\r\n` }],
    ["FTP's greeting", "ftp", { greeting: `530 ${line}\r\n` }],
    ["LDAP's diagnostic", "ldap", { goAhead: startTlsResponse(53, escapes) }],
    ["XMPP's failure", "xmpp-client", { goAhead: `<${"owned".repeat(20)}/>` }],
  ];
  test.each(said)("%s", async (_, protocol, behaviour) => {
    const server = await serve(mailServer(protocol, "starttls", behaviour));
    const result = await look(server.port, protocol, "starttls", { transcript: true, anchors: [scene.pki.root.pem] });
    expect(JSON.stringify(result.entries[0]?.findings)).toContain("owned");
    await expectClean(result);
  });
});
