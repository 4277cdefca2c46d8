// MTA-STS: the TXT record, the policy's text, and which hosts it lists.
import { describe, expect, it } from "vitest";
import { parseStsPolicy, stsCovers, stsId, stsProblem } from "../../src/domain/mta-sts.ts";

const lines = (...more: readonly string[]): string =>
  ["version: STSv1", "mode: enforce", "max_age: 604800", ...more].join("\n");

describe("the TXT record", () => {
  it.each([
    ["v=STSv1; id=20160831085700Z;", "20160831085700Z"],
    ["v=STSv1;id=1", "1"],
    ["v=STSv1 ; id = abc ; x=y", "abc"],
  ])("%s", (text, id) => {
    expect(stsId(["google-site-verification=1", text, "v=spf1 -all"])).toBe(id);
  });

  it.each([
    ["none", []],
    ["another version", ["v=STSv2; id=1;"]],
    ["no id", ["v=STSv1;"]],
    ["an id that is none", ["v=STSv1; id=a-b;"]],
    ["two of them", ["v=STSv1; id=1;", "v=STSv1; id=2;"]],
    ["not at its beginning", [" v=STSv1; id=1;"]],
  ])("is none: %s", (_what, records) => {
    expect(stsId(records)).toBeUndefined();
  });
});

describe("a policy", () => {
  it("is read with LF and CRLF, in any order, other keys ignored", () => {
    const text =
      "version: STSv1\r\nmx: Mail.Example.org\r\nmax_age: 86400\r\nfuture_key: 1\r\nmx: *.example.net\r\nmode:enforce\r\n";
    expect(parseStsPolicy(text)).toEqual({ mode: "enforce", mx: ["mail.example.org", "*.example.net"], maxAge: 86400 });
  });

  it("may list nothing when it takes itself back", () => {
    expect(parseStsPolicy("version: STSv1\nmode: none\nmax_age: 86400\n")).toMatchObject({ mode: "none", mx: [] });
  });

  it.each([
    ["empty", "", "no line `version: STSv1`"],
    ["a web page", "<html><body>not found</body></html>", "no line `version: STSv1`"],
    ["without version", "mode: enforce\nmx: a.example.org\nmax_age: 1", "no line `version: STSv1`"],
    ["another version", lines("mx: a.example.org").replace("STSv1", "STSv2"), 'its version is "STSv2"'],
    ["another mode", lines("mx: a.example.org").replace("enforce", "strict"), 'its mode is "strict"'],
    ["without max_age", "version: STSv1\nmode: enforce\nmx: a.example.org", "no line `max_age:`"],
    ["a max_age that is none", lines("mx: a.example.org").replace("604800", "a week"), 'its max_age is "a week"'],
    ["enforce without a host", lines(), "no line `mx:`"],
    ["a misspelt host key", lines("nmx: a.example.org"), "no line `mx:`"],
    ["a host that is none", lines("mx: a..example.org"), '"a..example.org"'],
    ["a star in the middle", lines("mx: mail.*.example.org"), '"mail.*.example.org"'],
    ["without mode", lines("mx: a.example.org").replace("mode: enforce", "mood: enforce"), "no line `mode:`"],
    ["escapes", lines("mx: \u001b[31m"), '"[31m"'],
  ])("is none, and says why: %s", (_what, text, why) => {
    expect(parseStsPolicy(text)).toBeUndefined();
    expect(stsProblem(text)).toContain(why);
  });

  it("lists hosts by name, and by a star for one label", () => {
    const policy = parseStsPolicy(lines("mx: mail.example.org", "mx: *.example.net"));
    if (!policy) throw new Error("not read");
    const covered = (host: string): boolean => stsCovers(policy, host);
    expect(["mail.example.org", "MAIL.example.org", "mx1.example.net"].map(covered)).toEqual([true, true, true]);
    expect(["example.org", "a.mail.example.org", "example.net", "a.mx1.example.net", "net"].map(covered)).toEqual(
      Array.from({ length: 5 }, () => false),
    );
  });
});
