// The two little languages that other clients write their settings in: parsed, never run.
import { describe, expect, it } from "vitest";
import { parseConfigObj } from "../../src/importers/configobj.ts";
import { parseAssignments } from "../../src/importers/shell-assignments.ts";

describe("configobj", () => {
  const sections = parseConfigObj(
    [
      "version = 4.0.0",
      "[renewalparams]",
      "webroot_path = /var/www/html,",
      `pref_challs = "http-01", 'dns-01'`,
      'quoted = "a, b # c"',
      "plain = value # a comment",
      "empty = ",
      "url = https://ca.example.org/dir?x=1",
      "  [[webroot_map]]",
      "mail.example.org = /srv/a",
      "[other]",
      "key = value",
      "no assignment at all",
    ].join("\n"),
  );
  it.each([
    ["", "version", ["4.0.0"]],
    ["renewalparams", "webroot_path", ["/var/www/html"]],
    ["renewalparams", "pref_challs", ["http-01", "dns-01"]],
    ["renewalparams", "quoted", ["a, b # c"]],
    ["renewalparams", "plain", ["value"]],
    ["renewalparams", "empty", []],
    ["renewalparams", "url", ["https://ca.example.org/dir?x=1"]],
    ["renewalparams/webroot_map", "mail.example.org", ["/srv/a"]],
    ["other", "key", ["value"]],
  ])("[%s] %s", (section, key, values) => expect(sections.get(section)?.get(key)).toEqual(values));

  it("takes any text, and ends", () => {
    for (const text of ['a = "unclosed', "a = ,,,", "[[[[", "= x", "a = 'x' y", "\0"]) {
      expect(parseConfigObj(text).has(""), text).toBe(true);
    }
  });
});

describe("assignments of a shell", () => {
  const parsed = parseAssignments(
    [
      "A='it'\\''s'",
      `B="say \\"yes\\" for \${A}"`,
      "C=plain # comment",
      "export D=$C/x",
      "E=$(touch /tmp/never)",
      "F=`id`",
      'G="$UNKNOWN"',
      "H=first",
      "H=$(second)",
      "  I='__ACME_BASE64__START_ZWNobyAiaGkiOyBleGl0__ACME_BASE64__END_'",
      "J=x command with an environment",
      "K='not closed",
      "L=a;b",
      "# M=comment",
      "N=''",
    ].join("\n"),
  );
  it("gives the text where nothing has to be run", () =>
    expect(Object.fromEntries(parsed)).toEqual({
      A: "it's",
      B: `say "yes" for it's`,
      C: "plain",
      D: "plain/x",
      I: 'echo "hi"; exit',
      N: "",
    }));

  it("knows names from before, and no others", () => {
    expect(parseAssignments('W="${BASEDIR}/w"', new Map([["BASEDIR", "/b"]])).get("W")).toBe("/b/w");
    expect(parseAssignments('W="${__proto__}/w"').get("W")).toBeUndefined();
  });
});
