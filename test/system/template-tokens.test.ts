// Our tokens are those of mustache.js, for every template of ours and for what nobody would write.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import Mustache from "mustache";
import { describe, expect, test } from "vitest";
import { tokensOf } from "../../src/system/template-tokens.ts";

const folder = join(import.meta.dirname, "../../templates");
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

const theirs = (template: string): unknown => new Mustache.Writer().parse(template);

describe("tokens", () => {
  test("every template of ours is read as mustache.js reads it; those that set other braces are left to it", () => {
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      if (text.includes("{{=")) expect(tokensOf(text)).toBeUndefined();
      else expect({ file, tokens: tokensOf(text) }).toEqual({ file, tokens: theirs(text) });
    }
  });

  test.each([
    ["a section alone in its lines", "a\n  {{#b}}  \n c\n\t{{/b}}\nd\n"],
    ["two sections in one line", "{{#a}}{{#b}}\nx\n{{/b}} {{/a}}\r\n"],
    ["a value and a section in one line", " {{a}} {{#b}} \n {{/b}}"],
    ["a partial after blanks, and one after text", "  {{> a }}\n x {{>b}} {{> c}}\n \t{{> d}}"],
    ["a comment over several lines", "a\n  {{! one\n two }} \nb {{!\n}} c\n"],
    ["no end of the last line", "a\n  {{#b}}\n  {{/b}}  "],
    ["a tag with line breaks in it", "a {{\n b\n}} c\n{{#\nd}}\n{{/ d\n}}\n"],
    ["nothing", ""],
    ["blanks alone", " \n\t\n "],
  ])("%s", (_what, template) => {
    expect(tokensOf(template)).toEqual(theirs(template));
  });

  test.each([
    "{{{a}}}",
    "{{& a}}",
    "{{=<% %>=}}<%a%>",
    "{{#a}}",
    "{{/a}}",
    "{{#a}}{{/b}}",
    "{{#a}}{{#b}}{{/a}}{{/b}}",
    "a {{",
    "{{a}} {{b",
  ])("%s is left to mustache.js", (template) => {
    expect(tokensOf(template)).toBeUndefined();
  });

  test("whatever is written: as mustache.js, or left to it", () => {
    const piece = fc.constantFrom(
      ..."{{a}}|{{ b.c }}|{{#a}}|{{/a}}|{{^a}}|{{ # b}}|{{/ b }}|{{> p.html}}|{{!c}}|{{! c\n d }}|{{}}|{{|}}|}}}|{{{|\n|\r\n|  |\t|x|\u00a0|\u2028|é {y}".split(
        "|",
      ),
    );
    let read = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const template = pieces.join("");
        const ours = tokensOf(template);
        if (ours === undefined) return;
        read += 1;
        expect(ours).toEqual(theirs(template));
      }),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(500);
  });
});
