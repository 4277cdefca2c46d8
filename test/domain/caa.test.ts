// Whether CAA records permit: the grammar and the examples of RFC 8659 and RFC 8657, and what nobody but the CA can tell.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CaaQuestion,
  type CaaRecord,
  type CaaVerdict,
  caaLine,
  judgeCaa,
  parsePermission,
} from "../../src/domain/caa.ts";

const property = (tag: string, value: string, critical = false): CaaRecord => ({ critical, tag, value });
/** Records as a zone file has them: `0 issue "ca1.example.net"`. */
const set = (...lines: readonly string[]): readonly CaaRecord[] =>
  lines.map((line) => {
    const [, flags = "", tag = "", value = ""] = /^(\d+) (\S+) "(.*)"$/s.exec(line) ?? [];
    return property(tag, value, Number(flags) >= 128);
  });

const account = "https://ca1.example.net/acct/1";
const ask = (over: Partial<CaaQuestion> = {}): CaaQuestion => ({
  identities: ["ca1.example.net"],
  account,
  methods: ["http-01"],
  wildcard: false,
  ...over,
});
const why = (verdict: CaaVerdict): string => ("why" in verdict ? verdict.why : "allowed");

describe("the grammar of issue and issuewild (RFC 8659 §4.2)", () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    ["ca1.example.net", "ca1.example.net", {}],
    ["CA1.Example.NET", "ca1.example.net", {}],
    [" \t ca1.example.net \t ", "ca1.example.net", {}],
    ["ca1.example.net;", "ca1.example.net", {}],
    ["ca1.example.net ; ", "ca1.example.net", {}],
    ["ca1.example.net; account=230123", "ca1.example.net", { account: "230123" }],
    ["ca1.example.net;account = 230123 ; policy=ev", "ca1.example.net", { account: "230123", policy: "ev" }],
    ["ca1.example.net; a=b=c", "ca1.example.net", { a: "b=c" }],
    ["ca1.example.net; a=", "ca1.example.net", { a: "" }],
    ["a--b.example", "a--b.example", {}],
    ["localhost", "localhost", {}],
    ["", "", {}],
    [";", "", {}],
    ["; ", "", {}],
    ["; a=b", "", { a: "b" }],
  ])("%j", (text, domain, parameters) => {
    const parsed = parsePermission(text);
    expect(parsed?.domain).toBe(domain);
    expect(Object.fromEntries(parsed?.parameters.map(({ tag, value }) => [tag, value]) ?? [])).toEqual(parameters);
  });

  it.each([
    "%%%%%",
    "ca1.example.net.",
    "-ca.example",
    "ca-.example",
    "ca..example",
    "ca1.example.net ca2.example.net",
    "ca1.example.net, ca2.example.net",
    "https://ca1.example.net",
    "ca1.example.net; account",
    "ca1.example.net; =1",
    "ca1.example.net; a b=1",
    "ca1.example.net; a=1;",
    "ca1.example.net;; a=1",
    "ca1.example.net; a=1;;",
    "ca1.example.net; validationmethods=http-01, dns-01",
    "ca1.example.net; a=\u00e4",
    "ca1.example.net\n",
    "ca1.example.net; a=\u001b[2J",
    '"ca1.example.net"',
  ])("%j is not by it, and permits nobody", (text) => {
    expect(parsePermission(text)).toBeUndefined();
    const verdict = judgeCaa([property("issue", text)], ask());
    expect(verdict.kind).toBe("forbidden");
    expect(why(verdict)).toContain("no CA is permitted");
    expect(why(verdict)).toContain("malformed");
    expect(why(verdict)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});

interface Example {
  readonly what: string;
  readonly records: readonly CaaRecord[];
  readonly over?: Partial<CaaQuestion>;
  /** Methods, or what the reason says. */
  readonly verdict: readonly string[] | RegExp;
}

const http = ["http-01"];
const examples: readonly Example[] = [
  { what: "no records: any CA", records: [], verdict: http },
  { what: "RFC 8659 §4.2: this CA", records: set('0 issue "ca1.example.net"'), verdict: http },
  { what: "another CA", records: set('0 issue "ca2.example.org"'), verdict: /only ca2\.example\.org may issue/ },
  {
    what: "two CAs, one of them this",
    records: set('0 issue "ca2.example.org"', '0 issue "ca1.example.net"'),
    verdict: http,
  },
  { what: "RFC 8659 §4.2: nobody", records: set('0 issue ";"'), verdict: /no CA is permitted/ },
  { what: "nobody beside somebody: somebody", records: set('0 issue ";"', '0 issue "ca1.example.net"'), verdict: http },
  { what: "RFC 8659 §4.2: malformed", records: set('0 issue "%%%%%"'), verdict: /no CA is permitted/ },
  { what: "malformed beside us", records: set('0 issue "%%%%%"', '0 issue "ca1.example.net"'), verdict: http },
  { what: "the tag in any case (RFC 8659 §4.1)", records: set('0 ISSUE "ca2.example.org"'), verdict: /only ca2/ },
  { what: "a domain below ours is not ours", records: set('0 issue "x.ca1.example.net"'), verdict: /only x\.ca1/ },
  {
    what: "RFC 8659 §4.4: iodef alone restricts nobody",
    records: set('0 iodef "mailto:security@example.com"'),
    verdict: http,
  },
  { what: "RFC 9495: issuemail is about something else", records: set('0 issuemail ";"'), verdict: http },
  { what: "an unknown property", records: set('0 tbs "Unknown"'), verdict: http },
  {
    what: "RFC 8659 §4.5: an unknown property that is critical",
    records: set('0 issue "ca1.example.net"', '128 tbs "Unknown"'),
    verdict: /critical property "tbs"/,
  },
  { what: "a known one that is critical", records: set('128 issue "ca1.example.net"'), verdict: http },
  {
    what: "the reserved bits are ignored",
    records: set('127 tbs "Unknown"', '0 issue "ca1.example.net"'),
    verdict: http,
  },
  // RFC 8659 §4.3
  { what: "issuewild is not for a host", records: set('0 issuewild "ca2.example.org"'), verdict: http },
  {
    what: "issue counts for a wildcard, too",
    records: set('0 issue "ca2.example.org"'),
    over: { wildcard: true },
    verdict: /only ca2/,
  },
  {
    what: "issuewild goes before issue",
    records: set('0 issue "ca1.example.net"', '0 issuewild "ca2.example.org"'),
    over: { wildcard: true },
    verdict: /only ca2\.example\.org/,
  },
  {
    what: "and before its no",
    records: set('0 issue ";"', '0 issuewild "ca1.example.net"'),
    over: { wildcard: true },
    verdict: http,
  },
  {
    what: "no wildcard at all",
    records: set('0 issue "ca1.example.net"', '0 issuewild ";"'),
    over: { wildcard: true },
    verdict: /no CA is permitted/,
  },
  {
    what: "which does not concern a host",
    records: set('0 issue "ca1.example.net"', '0 issuewild ";"'),
    verdict: http,
  },
  // RFC 8657 §3
  { what: "our account", records: set(`0 issue "ca1.example.net; accounturi=${account}"`), verdict: http },
  {
    what: "another's account",
    records: set('0 issue "ca1.example.net; accounturi=https://ca1.example.net/acct/2"'),
    verdict:
      /is for the account https:\/\/ca1\.example\.net\/acct\/2, and ours is https:\/\/ca1\.example\.net\/acct\/1/,
  },
  {
    what: "an account, and we have none",
    records: set(`0 issue "ca1.example.net; accounturi=${account}"`),
    over: { account: undefined },
    verdict: /a new account would be registered/,
  },
  {
    what: "RFC 8657 §4: two records, one of them ours",
    records: set(
      '0 issue "ca1.example.net; accounturi=https://ca1.example.net/acct/2"',
      `0 issue "ca1.example.net; accounturi=${account}"`,
    ),
    verdict: http,
  },
  {
    what: "accounturi twice: nobody",
    records: set(`0 issue "ca1.example.net; accounturi=${account}; accounturi=${account}"`),
    verdict: /twice/,
  },
  {
    what: "the same number at another host of the operator is for the CA to judge",
    records: set('0 issue "letsencrypt.org; accounturi=https://acme-v01.api.letsencrypt.org/acme/reg/7"'),
    over: { identities: ["letsencrypt.org"], account: "https://acme-v02.api.letsencrypt.org/acme/acct/7" },
    verdict: http,
  },
  {
    what: "the same number at another operator is not ours",
    records: set('0 issue "ca1.example.net; accounturi=https://ca2.example.org/acct/1"'),
    verdict: /is for the account/,
  },
  // RFC 8657 §4
  { what: "our method", records: set('0 issue "ca1.example.net; validationmethods=dns-01,http-01"'), verdict: http },
  {
    what: "another method",
    records: set('0 issue "ca1.example.net; validationmethods=dns-01"'),
    verdict: /is for the validation methods dns-01, not for http-01/,
  },
  {
    what: "one of ours",
    records: set('0 issue "ca1.example.net; validationmethods=dns-01,ca-foo"'),
    over: { methods: ["http-01", "dns-01"] },
    verdict: ["dns-01"],
  },
  {
    what: "two records, a method each: in our order",
    records: set(
      '0 issue "ca1.example.net; validationmethods=dns-01"',
      `0 issue "ca1.example.net; accounturi=${account}; validationmethods=http-01"`,
    ),
    over: { methods: ["http-01", "tls-alpn-01", "dns-01"] },
    verdict: ["http-01", "dns-01"],
  },
  {
    what: "validationmethods twice: nobody",
    records: set('0 issue "ca1.example.net; validationmethods=http-01; validationmethods=http-01"'),
    verdict: /twice/,
  },
  { what: "no method", records: set('0 issue "ca1.example.net; validationmethods="'), verdict: /RFC 8657 §4/ },
  {
    what: "a parameter that nobody here knows is for the CA",
    records: set('0 issue "ca1.example.net; policy=ev"'),
    verdict: http,
  },
  // A CA may answer to several names.
  {
    what: "the CA's second name, in other letters",
    records: set('0 issue "ca1-other.example.net"'),
    over: { identities: ["ca1.example.net", "CA1-Other.example.net"] },
    verdict: http,
  },
];

describe("what the records say", () => {
  it.each(examples)("$what", ({ records, over = {}, verdict }) => {
    const judged = judgeCaa(records, ask(over));
    if (verdict instanceof RegExp) {
      expect(judged.kind).toBe("forbidden");
      expect(why(judged)).toMatch(verdict);
    } else expect(judged).toEqual({ kind: "allowed", methods: verdict });
  });

  it("a CA that does not say its name is never judged: it may be somebody's own, and not look at CAA", () => {
    const nameless = ask({ identities: [] });
    for (const records of [
      set('0 issue "ca1.example.net"'),
      set('0 issue ";"'),
      set('0 issue "%%%%%"'),
      set('128 tbs "Unknown"'),
      set('0 issue "ca1.example.net; accounturi=https://elsewhere.example/acct/9"'),
    ])
      expect(judgeCaa(records, nameless)).toMatchObject({
        kind: "unknown",
        why: expect.stringContaining("the CA does not say which name it answers to"),
      });
    expect(judgeCaa(set('0 iodef "mailto:a@example.org"'), nameless).kind).toBe("allowed");
  });

  it("says by which tag, for the line to publish", () => {
    expect(judgeCaa(set('0 issuewild ";"'), ask({ wildcard: true }))).toMatchObject({ tag: "issuewild" });
    expect(judgeCaa(set('0 issue ";"'), ask({ wildcard: true }))).toMatchObject({ tag: "issue" });
    expect(caaLine("example.org", "ca1.example.net", undefined)).toBe('example.org. IN CAA 0 issue "ca1.example.net"');
    expect(caaLine("example.org", "ca1.example.net", account, "issuewild")).toBe(
      `example.org. IN CAA 0 issuewild "ca1.example.net; accounturi=${account}"`,
    );
  });

  it("a line of ours is a line that permits us", () => {
    const [, value = ""] = /"(.*)"$/.exec(caaLine("example.org", "ca1.example.net", account)) ?? [];
    expect(judgeCaa([property("issue", value)], ask()).kind).toBe("allowed");
  });

  it("a value near 1000 characters is judged as it is", () => {
    const long = `ca1.example.net; note=${"x".repeat(1500)}; accounturi=${account}`;
    expect(judgeCaa([property("issue", long)], ask()).kind).toBe("allowed");
  });

  it("whatever stands in DNS, the reason is one short printable line, and a permission is never invented", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ maxLength: 2000 }),
      fc.constantFrom("ca1.example.net", "\u001b]0;owned\u0007", "ca1.example.net; accounturi=", ";", "\u202e"),
    );
    const record = fc.record({
      critical: fc.boolean(),
      tag: fc.oneof(text, fc.constantFrom("issue", "issuewild", "ISSUE", "iodef")),
      value: text,
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 80 }), fc.boolean(), (records, wildcard) => {
        const verdict = judgeCaa(records, ask({ wildcard }));
        expect(why(verdict)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
        expect(why(verdict).length).toBeLessThan(1500);
        const issue = records.filter(({ tag }) => /^issue(wild)?$/i.test(tag));
        if (
          issue.length > 0 &&
          verdict.kind === "allowed" &&
          !wildcard &&
          issue.every(({ tag }) => /^issue$/i.test(tag))
        )
          expect(issue.some(({ value }) => /^[ \t]*ca1\.example\.net[ \t]*(;|$)/i.test(value))).toBe(true);
      }),
      { seed: 1 },
    );
  });
});
