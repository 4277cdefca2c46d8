// Names: one canonical text, a reason for everything that is none, and nothing that could become a setting of its own.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NameProblem, canonicalName, displayName, isIpName, isWildcard } from "../../src/domain/names.ts";

const reasonOf = (text: string): string => {
  try {
    return `accepted as ${canonicalName(text)}`;
  } catch (error) {
    expect(error).toBeInstanceOf(NameProblem);
    return (error as NameProblem).reason;
  }
};

describe("canonicalName", () => {
  test.each([
    ["mail.example.org", "mail.example.org"],
    ["MAIL.Example.ORG.", "mail.example.org"],
    ["*.Example.org", "*.example.org"],
    ["*.München.example", "*.xn--mnchen-3ya.example"],
    ["münchen.example", "xn--mnchen-3ya.example"],
    ["XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"],
    ["faß.example", "xn--fa-hia.example"],
    ["メール。例え。テスト", "xn--4dkua4c.xn--r8jz45g.xn--zckzah"],
    ["mail.example.org。", "mail.example.org"],
    ["1.example.org", "1.example.org"],
    ["a--b.example.org", "a--b.example.org"],
    ["192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::1", "::1"],
    [`${"a".repeat(63)}.example.org`, `${"a".repeat(63)}.example.org`],
  ])("%s is %s", (text, canonical) => {
    expect(canonicalName(text)).toBe(canonical);
  });

  test.each([
    ["", /is empty/],
    ["mail example.org", /space/],
    [" mail.example.org", /space/],
    ["mail.example.org\u00a0", /space/],
    ["mail.example.org\nssl_key = </etc/shadow", /control character or a line break/],
    ["mail.example.org\u0000.evil.net", /control character/],
    ["mail.example.org\u0085", /control character/],
    ["mail.exa\u00admple.org", /invisible character/],
    ["mail.example.org\u200b", /invisible character/],
    ["\u202email.example.org", /invisible character/],
    ["mail..example.org", /empty label/],
    [".example.org", /empty label/],
    [".", /empty label/],
    ["mail.example.org..", /empty label/],
    ["。example.org", /empty label/],
    [`${"a".repeat(64)}.example.org`, /label of 64 characters; 63/],
    [`${"ü".repeat(62)}.example.org`, /label of \d+ characters; 63/],
    [`${"abcdefg.".repeat(31)}example.org`, /is 259 characters long; 253/],
    ["a".repeat(5000), /is 5000 characters long/],
    ["mail_1.example.org", /underscore/],
    ["_dmarc.example.org", /underscore/],
    ["-mail.example.org", /hyphen: "-mail"/],
    ["mail-.example.org", /hyphen: "mail-"/],
    ["mail", /not a fully qualified host name/],
    ["localhost", /not a fully qualified host name/],
    ["mail.example.123", /ends in a number/],
    ["192.0.2.256", /ends in a number/],
    ["192.0.2", /ends in a number/],
    ["010.0.0.1", /ends in a number/],
    ["１９２.0.2.１", /ends in a number|no host name/],
    ["0x7f.1", /ends in a number/],
    ["mail.0x7f", /ends in a number/],
    ["0.0.0.0", /"any" address/],
    ["::", /"any" address/],
    ["fe80::1%eth0", /zone/],
    ["https://mail.example.org/path", /is a URL: did you mean mail\.example\.org\?/],
    ["imaps://user@mail.example.org:993", /is a URL: did you mean mail\.example\.org\?/],
    ["https://[2001:db8::1]/", /is a URL: did you mean 2001:db8::1\?/],
    ["https://", /is a URL$/],
    ["postmaster@example.org", /is an e-mail address: did you mean example\.org\?/],
    ["mail.example.org:993", /has a port in it: did you mean mail\.example\.org\?/],
    ["[2001:db8::1]", /is in brackets: did you mean 2001:db8::1\?/],
    ["[2001:db8::1]:993", /has a port in it: did you mean 2001:db8::1\?/],
    ["mail.example.org/24", /has a slash in it: did you mean mail\.example\.org\?/],
    ["..\\etc", /slash/],
    ["mail.*.example.org", /star/],
    ["m*.example.org", /star/],
    ["*example.org", /star/],
    ["*.*.example.org", /star/],
    ["*", /star/],
    ["*.org", /whole top-level domain/],
    ["*.", /empty label/],
    ["*.192.0.2.1", /ends in a number/],
    ["xn--a.example.org", /"xn--" label that stands for nothing/],
    ["mail.example.org;", /the character ;/],
    ["mail.{{x}}.org", /the character \{/],
    ['mail".example.org', /the character "/],
    ["mail$IFS.example.org", /the character \$/],
    ["mail,imap.example.org", /the character ,/],
    ["mail\ud800.example.org", /no host name/],
    ["mail\u2028.example.org", /space|invisible/],
  ])("%j is refused", (text, reason) => {
    expect(reasonOf(text)).toMatch(reason);
  });

  test("a name of 253 characters stands, one of 254 does not", () => {
    const name = `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.example.o`;
    expect(name).toHaveLength(253);
    expect(canonicalName(`${name}.`)).toBe(name);
    expect(reasonOf(`x${name}`)).toMatch(/254 characters|label of/);
    expect(reasonOf(`*.${name}`)).toMatch(/is 255 characters long/);
  });

  test("the message quotes the text, cleaned and bounded", () => {
    expect(() => canonicalName("a\u001b[31mb")).toThrow('"a [31mb" has a control character');
    expect(new NameProblem("x".repeat(500), "is long").message.length).toBeLessThan(100);
  });
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const host = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[a-z]{2,6}$/))
  .map(([labels, tld]) => [...labels, tld].join("."))
  .filter((name) => !name.split(".").some((part) => part.startsWith("xn--")));

/** Texts near the border: names, and what people and attackers put into them. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => `${text}.example.org`),
  fc.tuple(host, fc.string({ unit: "binary", maxLength: 3 }), host).map((parts) => parts.join("")),
  fc
    .array(
      fc.constantFrom(
        "*",
        ".",
        "-",
        "_",
        "a",
        "xn--",
        "\n",
        " ",
        ":",
        "1",
        "[",
        "]",
        "%",
        "@",
        "/",
        "ü",
        "。",
        "０",
        "\u00ad",
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);

describe("properties", () => {
  test("whatever passes is a wildcard, a host name of plain labels, or an address, and is its own canonical text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const outcome = reasonOf(text);
        if (!outcome.startsWith("accepted as ")) return;
        const name = outcome.slice("accepted as ".length);
        expect(name).toMatch(
          /^(?:(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|[0-9a-f:]+)$/,
        );
        expect(name.length).toBeLessThanOrEqual(253);
        expect(canonicalName(name)).toBe(name);
        expect(canonicalName(displayName(name))).toBe(name);
      }),
      { numRuns: 3000 },
    );
  });

  test("host names pass, whatever their case, with or without the last dot", () => {
    fc.assert(
      fc.property(host, fc.boolean(), (name, dot) => {
        expect(canonicalName(name.toUpperCase() + (dot ? "." : ""))).toBe(name);
        expect(canonicalName(`*.${name}`)).toBe(`*.${name}`);
      }),
    );
  });

  test("every address has one text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        fc.pre(!/^[0:.]+$/.test(address));
        const name = canonicalName(address);
        expect(isIpName(name)).toBe(true);
        expect(canonicalName(name.toUpperCase())).toBe(name);
      }),
    );
  });
});

test("displayName shows what people write, and only what leads back", () => {
  expect(displayName("xn--mnchen-3ya.example")).toBe("münchen.example");
  expect(displayName("*.xn--mnchen-3ya.example")).toBe("*.münchen.example");
  expect(displayName("mail.example.org")).toBe("mail.example.org");
  expect(displayName("192.0.2.1")).toBe("192.0.2.1");
  expect(displayName("xn--zzzzzzzz9999.example")).toBe("xn--zzzzzzzz9999.example");
});

test("kinds of names", () => {
  expect([
    isIpName("192.0.2.1"),
    isIpName("2001:db8::1"),
    isIpName("mail.example.org"),
    isIpName("fe80::1%eth0"),
  ]).toEqual([true, true, false, false]);
  expect([isWildcard("*.example.org"), isWildcard("mail.example.org")]).toEqual([true, false]);
});
