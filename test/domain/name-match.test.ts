// Which names a certificate stands for (RFC 9525 §6.3, §6.4).
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { certificateMatcher, certificateMatches } from "../../src/domain/name-match.ts";

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
