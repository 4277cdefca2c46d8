// A page of docs/ as man(7): headings, paragraphs, lists, code, and tables whose first column names what the others tell.
import { bold, bullet, escaped, example, italic, item, paragraph, section, subsection } from "./roff.ts";

/** Links lead nowhere on paper: their words stay, but for those that only say where more stands. */
export const inline = (text: string): string =>
  text
    .replaceAll(/ \(\[[^\]]*\]\([^)]*\)\)/g, "")
    .split(/(`[^`]*`|\*\*[^*]+\*\*|(?<!\w)_[^_]+_(?!\w)|\[(?:`[^`]*`|[^\]])*\]\([^)]*\))/)
    .map((part, index) => {
      if (index % 2 === 0) return escaped(part);
      if (part.startsWith("[")) return inline(part.replace(/^\[(.*)\]\([^)]*\)$/s, "$1"));
      if (part.startsWith("`")) return bold(part.slice(1, -1));
      return part.startsWith("**") ? bold(part.slice(2, -2)) : italic(part.slice(1, -1));
    })
    .join("");

const cells = (row: string): readonly string[] =>
  row
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

/** The second of three columns is a default. */
const table = (rows: readonly string[]): string =>
  rows
    .slice(2)
    .map((row) => {
      const [term = "", ...others] = cells(row);
      const [first = "", second] = others;
      if (second === undefined) return item(inline(term), inline(first));
      const usual = first === "none" || first === "" ? "" : ` (default: ${inline(first)})`;
      return item(`${inline(term)}${usual}`, inline(second));
    })
    .join("\n");

const block = (text: string): string => {
  if (text.startsWith("```")) return example(text.split("\n").slice(1, -1));
  if (text.startsWith("    ")) return example(text.split("\n").map((line) => line.slice(4)));
  if (text.startsWith("### ")) return subsection(text.slice(4));
  if (text.startsWith("## ")) return section(text.slice(3));
  if (text.startsWith("|")) return table(text.split("\n"));
  if (text.startsWith("- "))
    return text
      .slice(2)
      .split(/\n- /)
      .map((one) => bullet(inline(one)))
      .join("\n");
  return paragraph(inline(text));
};

/** Without the page's title. Blank lines inside code do not end it. */
export const manOf = (markdown: string): string =>
  (markdown.replace(/^# .*\n/, "").match(/^```[\s\S]*?^```$|^(?: {4}.*\n?)+|^(?:(?!```).+\n?)+/gm) ?? [])
    .map((text) => block(text.replace(/\n+$/, "")))
    .join("\n");
