// The tables in docs/troubleshooting.md that the program knows too, rendered from its words; aligned as prettier would have it.
import { findingWords } from "../../src/domain/finding-words.ts";
import { programMessages } from "../../src/domain/program-messages.ts";
import { serverMessages } from "../../src/domain/server-messages.ts";

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const tables: readonly Table[] = [
  {
    head: ["finding", "what happened", "what to do"],
    rows: findingWords.map(({ id, means, mend }) => [`\`${id}\``, means, mend]),
  },
  {
    head: ["the words", "what it means", "what to do"],
    rows: programMessages.map(({ words, means, mend }) => [words, means, mend]),
  },
  {
    head: ["in the log", "server", "what it means", "what to do"],
    rows: serverMessages.map(({ words, server = "", means, mend }) => [words, server, means, mend]),
  },
];

const render = ({ head, rows }: Table): readonly string[] => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
};

const isHead = (line: string, { head }: Table): boolean =>
  line.startsWith("| ") &&
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())
    .join("|") === head.join("|");

const withTable = (page: string, table: Table): string => {
  const lines = page.split("\n");
  const first = lines.findIndex((line) => isHead(line, table));
  if (first < 0) throw new Error(`docs/troubleshooting.md has no table of ${table.head.join(", ")}`);
  const length = lines.slice(first).findIndex((line) => !line.startsWith("|"));
  return [...lines.slice(0, first), ...render(table), ...lines.slice(first + length)].join("\n");
};

/** The page with its tables written anew. */
export const withTables = (page: string): string => tables.reduce(withTable, page);
