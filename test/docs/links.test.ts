// Every link of the documentation leads somewhere: the file exists, and so does the heading; so does every path that it names.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { checks } from "../../src/checks/index.ts";
import { anchorsOf, linksOf, markdownFiles, namedPaths, readMarkdown, root } from "./markdown.ts";

const brokenLinks = (file: string, text: string): readonly string[] =>
  linksOf(text).flatMap((link) => {
    if (/^(https?|mailto):/.test(link)) return [];
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? file : normalize(join(dirname(file), decodeURIComponent(path)));
    if (target.startsWith("..") || !existsSync(join(root, target))) return [`${link}: there is no ${target}`];
    if (anchor === undefined || !target.endsWith(".md")) return [];
    return anchorsOf(readMarkdown(target)).has(anchor) ? [] : [`${link}: ${target} has no heading #${anchor}`];
  });

describe("links", () => {
  const files = markdownFiles();

  it("finds the documentation", () => {
    expect(files).toContain("CONTRIBUTING.md");
    expect(files).toContain("docs/architecture.md");
    expect(files.flatMap((file) => linksOf(readMarkdown(file))).length).toBeGreaterThan(40);
  });

  it.each(files)("%s", (file) => {
    const text = readMarkdown(file);
    expect(brokenLinks(file, text)).toEqual([]);
    expect(namedPaths(text).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("every decision is listed", () => {
    const pages = files
      .filter((file) => /^docs\/decisions\/\d{4}-/.test(file))
      .map((file) => file.slice("docs/decisions/".length));
    expect(pages.length).toBeGreaterThan(0);
    expect(linksOf(readMarkdown("docs/decisions/README.md")).toSorted()).toEqual(pages.toSorted());
  });

  it("troubleshooting says what to do about every finding that no check makes", () => {
    const sources = ["src/usecases", "src/servers", "src/domain"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => readFileSync(join(root, folder, file), "utf8")),
    );
    const ids = new Set(
      sources.flatMap((text) =>
        [...text.matchAll(/check(?::| =) "([a-z-]+)"|(?:[fF]indings?|trouble)\(\s*"([a-z]+-[a-z-]+)"/g)].map(
          ([, id, made = ""]) => id ?? made,
        ),
      ),
    );
    for (const { id } of checks) ids.delete(id);
    for (const verdict of ["broken", "failing"]) ids.add(`deploy-${verdict}`);
    const told = [...readMarkdown("docs/troubleshooting.md").matchAll(/^\| `([a-z-]+)` /gm)].map(([, id = ""]) => id);
    expect(told.toSorted()).toEqual([...ids].toSorted());
  });

  it("would notice", () => {
    expect(
      brokenLinks(
        "docs/x.md",
        "see [a](nowhere.md), [b](#nothing), [c](../README-not.md#x), [d](architecture.md#no-such-heading)",
      ),
    ).toHaveLength(4);
    expect(
      brokenLinks("docs/x.md", "see [a](architecture.md), `[b](nowhere.md)`\n```\n[c](nowhere.md)\n```\n"),
    ).toEqual([]);
    expect([...anchorsOf("# A `b` c\n## Findings: 1, 2\n## A b c\n")]).toEqual(["a-b-c", "findings-1-2", "a-b-c-1"]);
    expect(namedPaths("`src/nothing.ts:3` and `src/<room>/x.ts` and `docs/schema/`")).toEqual([
      "src/nothing.ts",
      "docs/schema/",
    ]);
  });
});
