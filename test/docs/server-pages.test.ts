// Each server that mailcert knows has a page of its own, in one order, which the overview names; so has each kind of client.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { serverNames } from "../../src/servers/index.ts";
import { linksOf, readMarkdown, root } from "./markdown.ts";

const sections = ["What is changed", "By hand", "Look at it", "What often goes wrong", "Take it out"];
const headings = (text: string): readonly string[] => [...text.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title);

describe("docs/servers", () => {
  it("has a page for each server, and one for the files of other programs", () => {
    const pages = readdirSync(join(root, "docs/servers"));
    expect(pages.toSorted()).toEqual([...new Set([...serverNames, "files"])].map((name) => `${name}.md`).toSorted());
    const links = linksOf(readMarkdown("docs/servers.md"));
    for (const page of pages) expect(links).toContain(`servers/${page}`);
  });

  it.each(serverNames.filter((name) => name !== "files"))(
    "%s: what is changed, by hand, how to look, what goes wrong, the way out",
    (name) => {
      const text = readMarkdown(`docs/servers/${name}.md`);
      expect(headings(text)).toEqual(sections);
      expect(text).toContain(`mailcert snippet ${name} mail.example.org\n`);
      expect(text).toContain("`mailcert deploy --remove`");
    },
  );
});

describe("docs/clients", () => {
  const pages = readdirSync(join(root, "docs/clients"));

  it("are all named by the overview", () => {
    const links = linksOf(readMarkdown("docs/clients.md"));
    expect(links.filter((link) => link.startsWith("clients/")).toSorted()).toEqual(
      pages.map((page) => `clients/${page}`).toSorted(),
    );
  });

  it.each(pages)("%s: what is installed, how to look, what goes wrong, the way out", (page) => {
    const found = headings(readMarkdown(`docs/clients/${page}`)).filter((title) => title !== "By hand");
    expect(found).toEqual(["What is installed", ...sections.slice(2)]);
  });
});
