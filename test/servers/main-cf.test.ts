// main.cf edits: what postconf(5) reads as one assignment, and that taking an edit back gives the same bytes.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { restoreParameter, setParameter } from "../../src/servers/postfix/main-cf.ts";

const line = fc.constantFrom(
  "# comment",
  "",
  "   ",
  "myhostname = mail.example.org",
  "smtpd_tls_cert_file=/etc/a.pem",
  "smtpd_tls_cert_file = /etc/b.pem",
  "smtpd_tls_cert_file =",
  "  /etc/c.pem",
  "\t# not a comment: it continues",
  "smtpd_tls_cert_file_old = x",
  "#smtpd_tls_cert_file = /commented",
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"));

/** What Postfix makes of it: continued lines joined, comments and blank lines skipped, the last assignment wins. */
const valueOf = (content: string, name: string): string | undefined => {
  const logical: string[] = [];
  for (const one of content.split("\n")) {
    if (one.trim() === "" || one.startsWith("#")) continue;
    if (/^\s/.test(one) && logical.length > 0) logical.push(`${logical.pop() ?? ""} ${one}`);
    else logical.push(one);
  }
  const found = logical.findLast((one) => one.split("=")[0]?.trim() === name && one.includes("="));
  return found
    ?.slice(found.indexOf("=") + 1)
    .trim()
    .replace(/\s+/g, " ");
};

// Lines that continue nothing are not a main.cf that Postfix accepts.
const sound = (content: string): boolean =>
  !/^\s+\S/.test(content.split("\n").find((one) => one.trim() !== "" && !one.startsWith("#")) ?? "");

describe("main.cf", () => {
  test("a value is set, and the old text comes back byte for byte", () => {
    fc.assert(
      fc.property(text.filter(sound), fc.option(fc.constant("/new.pem"), { nil: undefined }), (before, after) => {
        const name = "smtpd_tls_cert_file";
        const old = valueOf(before, name);
        fc.pre(old !== after);
        const edited = setParameter(before, name, after);
        expect(valueOf(edited, name)).toBe(after);
        expect(valueOf(edited, "myhostname")).toBe(valueOf(before, "myhostname"));
        expect(restoreParameter(edited, name, old, after)).toBe(before);
      }),
    );
  });

  test("edits on edits are taken back in reverse", () => {
    fc.assert(
      fc.property(
        text.filter(sound),
        fc.uniqueArray(fc.constantFrom("/1", "/2", "/3"), { minLength: 2 }),
        (before, values) => {
          const name = "smtpd_tls_chain_files";
          let content = before;
          const done: { old: string | undefined; value: string }[] = [];
          for (const value of values) {
            done.push({ old: valueOf(content, name), value });
            content = setParameter(content, name, value);
          }
          for (const { old, value } of done.toReversed()) content = restoreParameter(content, name, old, value);
          expect(content).toBe(before);
        },
      ),
    );
  });

  test("what was there is commented out in its place, over several lines", () => {
    const before = "a = 1\nsmtpd_tls_cert_file =\n# between\n  /etc/old.pem\nb = 2\n";
    expect(setParameter(before, "smtpd_tls_cert_file", undefined)).toBe(
      "a = 1\n# mailcert: smtpd_tls_cert_file =\n# between\n# mailcert:   /etc/old.pem\nb = 2\n",
    );
    expect(setParameter(before, "smtpd_tls_cert_file", "/new")).toBe(
      "a = 1\n# mailcert: smtpd_tls_cert_file =\n# between\n# mailcert:   /etc/old.pem\nsmtpd_tls_cert_file = /new\nb = 2\n",
    );
  });

  test("a value whose comment somebody tidied away comes back at the end", () => {
    expect(restoreParameter("a = 1\nchain = /ours\n", "chain", "/old", "/ours")).toBe("a = 1\nchain = /old\n");
    expect(restoreParameter("a = 1\n", "cert", "/old", undefined)).toBe("a = 1\ncert = /old\n");
  });
});
