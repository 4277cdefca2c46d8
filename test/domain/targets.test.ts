// Targets of verify: host names, URLs and addresses in, entry points out; anything else is a usage error with a hint.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entryFromUrl, entryUrl } from "../../src/domain/entry-point.ts";
import { Failure } from "../../src/domain/failure.ts";
import { parsePorts, parseTarget } from "../../src/domain/targets.ts";
import { schemeWords } from "../../src/domain/usual-ports.ts";
import { protocols } from "../../src/protocols/index.ts";

const urls = (text: string, options: Parameters<typeof parseTarget>[2] = {}): readonly string[] =>
  parseTarget(text, protocols, options).map((target) => `${entryUrl(target)}${target.demanded ? "!" : ""}`);

describe("a host name is all its usual entry points, none of them demanded", () => {
  test("mail.example.org", () => {
    expect(urls("mail.example.org")).toEqual([
      "imap://mail.example.org:143",
      "imaps://mail.example.org:993",
      "pop3://mail.example.org:110",
      "pop3s://mail.example.org:995",
      "smtp://mail.example.org:25",
      "submission://mail.example.org:587",
      "submissions://mail.example.org:465",
      "sieve://mail.example.org:4190",
    ]);
  });
  test("--entry demands", () => {
    expect(urls("mail.example.org", { entries: ["imaps", "smtps"] })).toEqual([
      "imaps://mail.example.org:993!",
      "submissions://mail.example.org:465!",
    ]);
  });
  test("--port moves and demands", () => {
    const ports = parsePorts(["imaps=10993"], protocols);
    expect(urls("mail.example.org", { ports }).filter((url) => url.endsWith("!"))).toEqual([
      "imaps://mail.example.org:10993!",
    ]);
  });
});

const good: readonly (readonly [string, string])[] = [
  ["imap://mail.example.org", "imap://mail.example.org:143!"],
  ["IMAPS://Mail.Example.ORG./", "imaps://mail.example.org:993!"],
  ["imap://mail.example.org:10143", "imap://mail.example.org:10143!"],
  ["smtps://mail.example.org", "submissions://mail.example.org:465!"],
  ["submissions://mail.example.org", "submissions://mail.example.org:465!"],
  ["managesieve://mail.example.org", "sieve://mail.example.org:4190!"],
  ["lmtp://mail.example.org", "lmtp://mail.example.org:24!"],
  ["lmtps://mail.example.org:2424", "lmtps://mail.example.org:2424!"],
  ["smtp://mail.example.org:587", "submission://mail.example.org:587!"],
  ["smtp://mail.example.org:2525", "smtp://mail.example.org:2525!"],
  ["imaps://[2001:DB8::1]", "imaps://[2001:db8::1]:993!"],
  ["imaps://[2001:db8::1]:10993", "imaps://[2001:db8::1]:10993!"],
  ["imaps://192.0.2.1", "imaps://192.0.2.1:993!"],
  ["imaps://münchen.example", "imaps://xn--mnchen-3ya.example:993!"],
  ["mail.example.org:993", "imaps://mail.example.org:993!"],
  ["[::1]:143", "imap://[::1]:143!"],
  ["imap://localhost:10143", "imap://localhost:10143!"],
  ["nntp://news.example.org", "nntp://news.example.org:119!"],
  ["nntps://news.example.org", "nntps://news.example.org:563!"],
  ["snews://news.example.org", "nntps://news.example.org:563!"],
  ["xmpp://example.org", "xmpp-client://example.org:5222!"],
  ["xmpps://example.org", "xmpps-client://example.org:5223!"],
  ["xmpp-server://example.org", "xmpp-server://example.org:5269!"],
  ["XMPPS-Server://example.org", "xmpps-server://example.org:5270!"],
  ["ldap://ldap.example.org", "ldap://ldap.example.org:389!"],
  ["ldaps://ldap.example.org:1636", "ldaps://ldap.example.org:1636!"],
  ["ftp://ftp.example.org", "ftp://ftp.example.org:21!"],
  ["ftpes://ftp.example.org", "ftp://ftp.example.org:21!"],
  ["ftps://ftp.example.org", "ftps://ftp.example.org:990!"],
  ["ldap.example.org:636", "ldaps://ldap.example.org:636!"],
  ["lmtp+unix:///run/dovecot/lmtp", "lmtp+unix:///run/dovecot/lmtp!"],
  ["LMTP+UNIX:///run/x", "lmtp+unix:///run/x!"],
];
test.each(good)("%s", (text, expected) => {
  expect(urls(text)).toEqual([expected]);
});
test("what a URL is written as is read as the same", () => {
  for (const scheme of schemeWords()) {
    const [target] = parseTarget(`${scheme}://mail.example.org:4321`, protocols);
    if (!target) throw new Error(scheme);
    expect(entryUrl(target)).toBe(`${scheme}://mail.example.org:4321`);
    expect(entryFromUrl(entryUrl(target))).toEqual({ protocol: target.protocol, mode: target.mode, port: 4321 });
  }
  expect(entryFromUrl("lmtp+unix:///run/dovecot/lmtp")).toBeUndefined();
});
test("a unix socket has an address and no port", () => {
  expect(parseTarget("lmtp+unix:///run/dovecot/lmtp", protocols)).toEqual([
    { protocol: "lmtp", mode: "starttls", host: "localhost", address: "/run/dovecot/lmtp", port: 0, demanded: true },
  ]);
});
test("an IPv6 literal alone is a host", () => {
  expect(urls("2001:db8::1")).toHaveLength(8);
  expect(urls("[2001:db8::1]")[0]).toBe("imap://[2001:db8::1]:143");
});

const bad: readonly (readonly [string, RegExp])[] = [
  ["", /empty/],
  ["mail example.org", /space/],
  ["http://mail.example.org", /unknown protocol "http"/],
  ["://mail.example.org", /unknown protocol/],
  ["imap://", /empty/],
  ["imap://mail.example.org:0", /no port/],
  ["imap://mail.example.org:65536", /no port/],
  ["imap://mail.example.org:x", /no port/],
  ["imap://user@mail.example.org", /more than protocol, host and port/],
  ["imap://mail.example.org/INBOX", /more than protocol, host and port/],
  ["sieves://mail.example.org", /no usual port/],
  ["constructor://mail.example.org", /unknown protocol "constructor"/],
  ["__proto__://mail.example.org", /unknown protocol "__proto__"/],
  ["*.example.org", /wildcard/],
  ["lmtp+unix://run/dovecot/lmtp", /no absolute path/],
  ["lmtp+unix://", /no absolute path/],
  ["lmtp+unix:///", /no plain path/],
  ["lmtp+unix:///run/../etc/x", /no plain path/],
  ["lmtp+unix:////run/x", /no plain path/],
  ["lmtp+unix:///run/x/", /no plain path/],
  ["lmtp+unix:///run/a b", /space/],
  ["lmtp+unix:///run/\u0000", /control character/],
  [`lmtp+unix:///${"x".repeat(107)}`, /107 bytes/],
  ["imap+unix:///run/dovecot/imap", /only LMTP/],
  ["lmtps+unix:///run/dovecot/lmtp", /only LMTP/],
  ["user@example.org", /e-mail address/],
  ["mail.example.org:80", /which protocol/],
  [`${"a".repeat(64)}.example.org`, /label of 64/],
  ["imap://[::1", /./],
  ["imap://mail.example.org\r\nQUIT", /./],
];
test.each(bad)("refused: %j", (text, message) => {
  expect(() => urls(text)).toThrow(message);
  try {
    urls(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).kind).toBe("usage");
    expect((error as Failure).hints.length).toBeGreaterThan(0);
    expect((error as Failure).message).not.toMatch(/[\u0000-\u001f]/);
  }
});

test("bad --port words", () => {
  for (const text of ["imaps", "imaps=", "imaps=x", "imaps=993=5", "gopher=70", "constructor=3", "__proto__=3"])
    expect(() => parsePorts([text], protocols)).toThrow(Failure);
});

test("--entry takes a usual port, too", () => {
  expect(urls("mail.example.org", { entries: ["25", "993"] })).toEqual(
    urls("mail.example.org", { entries: ["smtp", "imaps"] }),
  );
  expect(() => urls("mail.example.org", { entries: ["2525"] })).toThrow("which protocol does port 2525 speak?");
});

test("words of every object's family are no entries", () => {
  for (const entry of ["__proto__", "constructor", "toString", "hasOwnProperty"])
    expect(() => urls("mail.example.org", { entries: [entry] })).toThrow(`unknown protocol "${entry}"`);
});

test("any text is entry points or a usage error, and a host in them is safe to print and to send", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.webUrl(), fc.domain(), fc.ipV6()), (text) => {
      try {
        for (const target of parseTarget(text, protocols)) expect(target.host).toMatch(/^[a-z0-9.:-]+$/);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 500 },
  );
});
