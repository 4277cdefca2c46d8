// Which names a certificate stands for (RFC 9525 §6.3, §6.4).
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import { certificateMatcher, certificateMatches, serviceNameOf } from "../../src/domain/name-match.ts";
import { issue, sanWith } from "../fakes/pki.ts";

const matches = (dnsNames: readonly string[], name: string, ipNames: readonly string[] = []): boolean =>
  certificateMatches({ dnsNames, ipNames }, name);

test.each([
  ["mail.example.org", "mail.example.org", true],
  ["mail.example.org", "MAIL.example.org.", true],
  ["MAIL.example.org", "mail.example.org", true],
  ["*.example.org", "mail.example.org", true],
  ["*.example.org", "example.org", false],
  ["*.example.org", "a.mail.example.org", false],
  ["*.example.org", "*.example.org", true],
  ["mail.example.org", "*.example.org", false],
  ["m*.example.org", "mail.example.org", false],
  ["*l.example.org", "mail.example.org", false],
  ["mail.*.org", "mail.example.org", false],
  ["*.*.org", "mail.example.org", false],
  ["*.org", "example.org", false],
  ["*", "example.org", false],
  ["*.", "example.", false],
  ["", "", false],
  ["*.example.org", ".example.org", false],
  ["mail.example.org.", "mail.example.org", false],
  ["mail.example.org .evil.net", "mail.example.org", false],
  ["192.0.2.1", "192.0.2.1", false],
  ["*.0.2.1", "192.0.2.1", false],
  ["*.xn--mnchen-3ya.example", "xn--4dkua4c.xn--mnchen-3ya.example", true],
])("%j stands for %j: %s", (presented, name, expected) => {
  expect(matches([presented], name)).toBe(expected);
});

test("an address is matched by iPAddress entries alone, in any of its texts", () => {
  expect(matches([], "192.0.2.1", ["192.0.2.1"])).toBe(true);
  expect(matches([], "2001:DB8:0:0::1", ["2001:db8::1"])).toBe(true);
  expect(matches([], "192.0.2.2", ["192.0.2.1"])).toBe(false);
  expect(matches(["192.0.2.1"], "192.0.2.1", [])).toBe(false);
});

test("there is no falling back to a common name", () => {
  const facts = { dnsNames: [], ipNames: [], commonName: "mail.example.org" };
  expect(certificateMatches(facts, "mail.example.org")).toBe(false);
});

test("a wildcard never reaches across a dot", () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
      expect(matches(["*.example.org"], [...labels, "example", "org"].join("."))).toBe(labels.length === 1);
    }),
  );
});

test("for many names it says the same, and as quickly for thousands", () => {
  const label = fc.constantFrom("mail", "MAIL", "*", "m*", "", "example", "org", "xn--mnchen-3ya", "a\u0000");
  const name = fc.oneof(
    fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
    fc.constantFrom("192.0.2.1", "2001:DB8::1", "2001:db8::1", "*.", "mail.example.org."),
  );
  fc.assert(
    fc.property(
      fc.array(name, { maxLength: 5 }),
      fc.array(name, { maxLength: 3 }),
      name,
      (dnsNames, ipNames, asked) => {
        const facts = { dnsNames, ipNames };
        expect(certificateMatcher(facts)(asked)).toBe(certificateMatches(facts, asked));
      },
    ),
    { numRuns: 2000 },
  );
});

const srvNames = ["_imaps.example.org", "_imap.Example.NET", "_xmpp-client.example.org", "_submissions.*.example.com"];
const xmppNames = ["münchen.example", "chat.example.org", "alice@example.net"];

test.each<readonly [ProtocolName, Mode, string, string | undefined]>([
  ["imap", "implicit", "example.org", "_imaps.example.org"],
  ["imap", "implicit", "Example.ORG.", "_imaps.example.org"],
  // The service that was asked for in DNS, no other one (RFC 7817 §3).
  ["imap", "starttls", "example.org", undefined],
  ["imap", "implicit", "mail.example.org", undefined],
  ["pop3", "implicit", "example.org", undefined],
  ["imap", "starttls", "example.net", "_imap.Example.NET"],
  ["submission", "implicit", "mail.example.com", undefined],
  ["smtp", "starttls", "example.org", undefined],
  // Direct TLS of XMPP is checked as STARTTLS is.
  ["xmpp-client", "starttls", "example.org", "_xmpp-client.example.org"],
  ["xmpp-client", "implicit", "example.org", "_xmpp-client.example.org"],
  ["xmpp-server", "starttls", "example.org", undefined],
  ["xmpp-server", "starttls", "chat.example.org", "chat.example.org"],
  ["xmpp-client", "implicit", "chat.example.org", "chat.example.org"],
  ["xmpp-client", "starttls", "xn--mnchen-3ya.example", "münchen.example"],
  // A person's address is no server's name, and a domain's is none for mail.
  ["xmpp-client", "starttls", "example.net", undefined],
  ["imap", "implicit", "chat.example.org", undefined],
])("service names: %s %s of %s", (protocol, mode, domain, expected) => {
  expect(serviceNameOf({ srvNames, xmppNames }, { protocol, mode }, domain)).toBe(expected);
});

test("service names are read from the SAN, whatever stands beside them", async () => {
  const names = { dns: ["mail.example.org"], srv: ["_IMAPS.example.org", "_imap.example.org"], xmpp: ["example.org"] };
  const read = readCertificate((await issue({ raw: [sanWith(names)], ca: true })).der);
  expect(read).toMatchObject({
    dnsNames: ["mail.example.org"],
    srvNames: ["_imaps.example.org", "_imap.example.org"],
    xmppNames: ["example.org"],
  });
  const none = readCertificate((await issue({ names: ["mail.example.org"] })).der);
  expect(Object.keys(none).filter((key) => /srv|xmpp/.test(key))).toEqual([]);
});

test.each([
  ["an otherName of another type", "a00f06032a0304a0080c066e6f626f6479"],
  ["a value that is no string", "a00f06082b06010505070807a003020101"],
  ["no value", "a00c06082b06010505070807a000"],
  ["nothing", "a000"],
  ["an element that reaches beyond its end", "a00306082b"],
  ["no type", "a0050c03616263"],
])("a SAN with %s is no name", async (_, entry) => {
  const bytes = Buffer.from(entry, "hex");
  const raw = ["2.5.29.17", Buffer.concat([Buffer.from([0x30, bytes.length]), bytes]).toString("hex")] as const;
  const read = readCertificate((await issue({ subject: "CN=x", raw: [raw] })).der);
  expect([read.dnsNames, read.srvNames, read.xmppNames]).toEqual([[], undefined, undefined]);
});
