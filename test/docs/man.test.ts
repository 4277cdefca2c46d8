// The manual pages have what an administrator looks for in them; that they show well is in test/e2e/manual.test.ts.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/commands/index.ts";
import { helpParts } from "./man-help.ts";
import { inline, manOf } from "./man-markdown.ts";
import { renderManPages } from "./render-man.ts";
import { escaped, filled } from "./roff.ts";

const root = join(import.meta.dirname, "../..");
const pages = await renderManPages();
const page = (name: string): string => pages.get(name) ?? "";
const sectionsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^\.SH (.*)$/gm)].map(([, title = ""]) => title);

describe("manual pages", () => {
  it("mailcert(1) has the sections that such pages have, and every command", () => {
    expect(sectionsOf(page("mailcert.1"))).toEqual(
      "NAME,SYNOPSIS,DESCRIPTION,COMMANDS,OPTIONS,EXIT STATUS,FILES,ENVIRONMENT,EXAMPLES,SEE ALSO".split(","),
    );
    for (const name of Object.keys(commands)) {
      expect(page("mailcert.1")).toContain(`mailcert\\-${name}\\fR(1)`);
      expect(sectionsOf(page(`mailcert-${name}.1`))).toEqual(
        expect.arrayContaining(["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]),
      );
    }
  });

  it("mailcert.yaml(5) has every row of docs/configuration.md", () => {
    const rows = [...readFileSync(join(root, "docs/configuration.md"), "utf8").matchAll(/^\| `(\w+)` +\|/gm)];
    expect(rows.length).toBeGreaterThan(30);
    for (const [, key = ""] of rows)
      expect(page("mailcert.yaml.5")).toMatch(new RegExp(`^\\.TP\n\\\\fB${key}\\\\fR`, "m"));
  });

  it("docs/manual.md has every variable of the environment that the program reads", () => {
    const read = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [...readFileSync(join(root, "src", file), "utf8").matchAll(/\benv\["([A-Z_]+)"\]/g)])
      .map(([, name = ""]) => name);
    const told = [...readFileSync(join(root, "docs/manual.md"), "utf8").matchAll(/^\| `([A-Z_]+)` /gm)];
    expect(told.map(([, name = ""]) => name).toSorted()).toEqual(
      [...new Set(read)].filter((name) => name !== "PATH").toSorted(),
    );
  });

  it("escapes what a typesetter would read as something else", () => {
    expect(escaped("a\\b ~/x 'y' --z `w` 3-4 re-use – €")).toBe(
      "a\\eb \\(ti/x \\(aqy\\(aq \\-\\-z \\(gaw\\(ga 3\\-4 re-use \\[u2013] \\[u20AC]",
    );
    expect(filled(".hidden 'x")).toBe("\\&.hidden 'x");
    expect(inline("`a-b` [c](d.md) **e** _f_ ([g](h.md))")).toBe("\\fBa\\-b\\fR c \\fBe\\fR \\fIf\\fR");
    expect(manOf("# T\n\nOne\ntwo.\n\n## H\n\n- a\n- b\n\n| k | what |\n| - | - |\n| `x` | y |\n")).toBe(
      ".PP\nOne two.\n.SH H\n.IP \\(bu 2\na\n.IP \\(bu 2\nb\n.TP\n\\fBx\\fR\ny",
    );
  });

  it("reads a command's own words: text, lists, examples, what stands behind", () => {
    const help =
      "\nText\nhere.\n\nList:\n  a     means\n        this\n  b     that\n\nExamples:\n  x y\n\nExit status:\n  0   done\nMore.";
    expect(helpParts(help)).toEqual({
      prose: ".PP\nText here.\n.PP\nList:\n.TP\n\\fBa\\fR\nmeans this\n.TP\n\\fBb\\fR\nthat",
      examples: ["x y"],
      afterwards: "More.",
    });
  });
});
