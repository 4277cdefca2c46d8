// Templates: each kind's escape holds against what would be read as syntax there, and nothing is left out silently.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTemplates, escapes } from "../../src/system/templates.ts";

const templates = fileURLToPath(new URL("../../templates", import.meta.url));

test("a template may hold others of the folder, with the same escape; one that is not there is no empty text", () => {
  const folder = mkdtempSync(join(tmpdir(), "templates-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "outer.html"), "{{#all}}\n{{> inner.html}}\n{{/all}}\n");
  writeFileSync(join(folder, "inner.html"), "<p>{{name}}</p>\n");
  writeFileSync(join(folder, "broken.html"), "{{> nobody.html}}\n");
  const render = createTemplates(folder);
  expect(render("outer.html", { all: [{ name: "<a>" }, { name: "b" }] }, "html")).toBe("<p>&lt;a&gt;</p>\n<p>b</p>\n");
  expect(() => render("outer.html", { all: [{}] }, "html")).toThrow("no value for name");
  expect(() => render("broken.html", {}, "html")).toThrow("nobody.html");
});

describe("escapes", () => {
  test("a shell reads back what was written", () => {
    const words = fc.array(
      fc.string({ unit: "grapheme" }).filter((word) => !/[\p{Cc}\u2028\u2029]/u.test(word)),
      { minLength: 20, maxLength: 20 },
    );
    fc.assert(
      fc.property(words, (list) => {
        const line = list.map((word) => escapes.shell(word) || "''").join(" ");
        const out = execFileSync("sh", ["-c", `for word in ${line}; do printf '%s\\0' "$word"; done`]).toString();
        expect(out.split("\0").slice(0, -1)).toEqual(list);
      }),
      { numRuns: 20 },
    );
  });

  test.each(["dovecot", "postfix", "cyrus", "opensmtpd", "courier"] as const)(
    "%s: nothing but plain words passes",
    (kind) => {
      for (const value of [
        "",
        "a\nb",
        "a#b",
        "a\tb",
        "$x",
        "%u",
        "{",
        "}",
        "<x",
        '"',
        "'",
        "\\",
        ";",
        "`",
        " a",
        "a ",
        "a\u2028b",
        "a\u0000",
      ]) {
        expect(() => escapes[kind](value), JSON.stringify(value)).toThrow("cannot be written");
      }
      for (const value of ["/var/lib/mailcert/certificates/*.example.org/live", "xn--mller-kva.example", "2001:db8::1"])
        expect(escapes[kind](value)).toBe(value);
    },
  );

  /** Reads back what PowerShell's single quotes and [char] say; anything else is not ours. */
  const powershell = (expression: string): string => {
    const tokens = expression.match(/'(?:[^']|'')*'|\[char\]0x[0-9A-F]{4}| \+ |[()]/g) ?? [];
    expect(tokens.join("")).toBe(expression);
    return tokens
      .map((token) => {
        if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
        return token.startsWith("[") ? String.fromCharCode(Number(token.slice(6))) : "";
      })
      .join("");
  };
  const word = fc.string({ unit: "binary" }).filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text));

  test("PowerShell: what was written, in ASCII alone, whatever counts as a quote there", () => {
    const hostile = fc.oneof(
      word,
      fc.string({
        unit: fc.constantFrom("'", "\u2018", "\u2019", "\u201b", "$", "(", ")", "`", '"', "\u0412", "é", "😀"),
      }),
    );
    fc.assert(
      fc.property(hostile, (value) => {
        const written = escapes.powershell(value);
        expect(written).toMatch(/^[ -~]+$/);
        expect(powershell(written)).toBe(value);
      }),
    );
    expect(escapes.powershell("it's")).toBe("'it''s'");
    expect(escapes.powershell("ü")).toBe("('' + [char]0x00FC)");
    expect(() => escapes.powershell("a\nRemove-Item C:")).toThrow("cannot be written");
  });

  test("a batch file: nothing that could be read as syntax is left, base64 is as it was", () => {
    fc.assert(
      fc.property(
        fc.oneof(word, fc.string({ unit: fc.constantFrom(..."%!^&|<>()\"'`?*;~ a/".split("")) })),
        (value) => {
          expect(escapes.cmd(value)).toMatch(/^[A-Za-z0-9 ._:,@=+/-]*$/);
        },
      ),
    );
    fc.assert(
      fc.property(fc.base64String(), (value) => {
        expect(escapes.cmd(value)).toBe(value);
      }),
    );
    expect(escapes.cmd('a" & del %TEMP% /?')).toBe("a_ _ del _TEMP_ /_");
    expect(() => escapes.cmd("a\r\ndel")).toThrow("cannot be written");
  });

  test("JSON: a parser reads back what was written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(JSON.parse(`"${escapes.json(value)}"`)).toBe(value);
      }),
    );
  });

  test("XML, systemd", () => {
    expect(escapes.xml(`<a b="c">&'`)).toBe("&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
    expect(() => escapes.xml("\u0001")).toThrow("cannot be written");
    expect(escapes.systemd("/opt/a%b/$x")).toBe("/opt/a%%b/$$x");
    expect(escapes.systemd('a b"c')).toBe('"a b\\"c"');
    expect(() => escapes.systemd("a\nExecStart=/bin/sh")).toThrow("cannot be written");
  });
});

describe("rendering", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mailcert-templates-"));
    writeFileSync(join(folder, "a.xml"), "<b>{{name}}</b>{{#list}}{{.}};{{/list}}\n");
    writeFileSync(join(folder, "raw.xml"), "{{{name}}}");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("escapes, and reads a file once", () => {
    const render = createTemplates(folder);
    expect(render("a.xml", { name: "<", list: ["&", "b"] }, "xml")).toBe("<b>&lt;</b>&amp;;b;\n");
    writeFileSync(join(folder, "a.xml"), "changed");
    expect(render("a.xml", { name: "n", list: [] }, "xml")).toBe("<b>n</b>\n");
  });

  test("a missing value and an unescaped one are errors", () => {
    expect(() => createTemplates(folder)("raw.xml", { name: "x" }, "xml")).toThrow("not allowed");
    writeFileSync(join(folder, "c.xml"), "{{name}}");
    expect(() => createTemplates(folder)("c.xml", {}, "xml")).toThrow("no value for name");
  });

  test("no template of ours asks for an unescaped value", () => {
    for (const entry of readdirSync(templates, { recursive: true, withFileTypes: true })) {
      if (entry.isFile())
        expect(readFileSync(join(entry.parentPath, entry.name), "utf8"), entry.name).not.toMatch(/\{\{\{|\{\{\s*&/);
    }
  });
});
