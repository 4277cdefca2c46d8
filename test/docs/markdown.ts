// Reads the project's own Markdown: its files, their headings as anchors, their links, the paths that they name.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

const skipped = new Set(["node_modules", "dist", "coverage", ".git"]);

/** Every Markdown file of the project, relative to its root. */
export const markdownFiles = (folder = ""): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });

export const readMarkdown = (file: string): string => readFileSync(join(root, file), "utf8");

/** Without code blocks: what stands in them is neither heading nor link. */
export const prose = (text: string): string =>
  text.replaceAll(/^(```|~~~)[^\n]*\n[\s\S]*?^\1[^\n]*$/gm, "").replaceAll(/<!--[\s\S]*?-->/g, "");

/** As GitHub makes an anchor of a heading. */
const slug = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

export const anchorsOf = (text: string): ReadonlySet<string> => {
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const base = slug(heading);
    let anchor = base;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
};

/** Targets of links and images, inline and by reference. */
export const linksOf = (text: string): readonly string[] => {
  const plain = prose(text).replaceAll(/`[^`\n]*`/g, "code");
  const inline = [...plain.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const references = [...plain.matchAll(/^ *\[[^\]]+\]: +(\S+)/gm)];
  return [...inline, ...references].map(([, target = ""]) => target);
};

/** Paths of this repository in code marks: `src/usecases/deploy.ts`, `test/contract/`. Patterns (`*`, `<name>`, `NNNN`) are none. */
export const namedPaths = (text: string): readonly string[] =>
  [...prose(text).matchAll(/`((?:src|test|templates|docs|bin)\/[^`\s]*)`/g)]
    .map(([, path = ""]) => path.replace(/[:#].*$/, ""))
    .filter((path) => !/[*<>{}]|NNNN|\.\.\./.test(path));
