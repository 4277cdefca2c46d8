// The table of findings in docs/troubleshooting.md, rendered from their words; aligned as prettier would have it.
import { findingWords } from "../../src/domain/finding-words.ts";

const begin = /^\| finding +\| what happened +\| what to do +\|$/;

const table = (): readonly string[] => {
  const rows = findingWords.map(({ id, means, mend }) => [`\`${id}\``, means, mend]);
  const head = ["finding", "what happened", "what to do"];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
};

/** The page with its table written anew. */
export const withFindings = (page: string): string => {
  const lines = page.split("\n");
  const first = lines.findIndex((line) => begin.test(line));
  if (first < 0) throw new Error("docs/troubleshooting.md has no table of findings");
  const length = lines.slice(first).findIndex((line) => !line.startsWith("|"));
  return [...lines.slice(0, first), ...table(), ...lines.slice(first + length)].join("\n");
};
