// A plain text table: columns padded to their widest cell, nothing behind the last.

/** Width of a text on a terminal, good enough for ours: one column a character. */
const width = (text: string): number => Array.from(text).length;

export const table = (rows: readonly (readonly string[])[], indent = ""): string => {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) => Math.max(...rows.map((row) => width(row[index] ?? ""))));
  return rows
    .map((row) =>
      `${indent}${row.map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - width(cell))).join("  ")}`.trimEnd(),
    )
    .join("\n");
};
