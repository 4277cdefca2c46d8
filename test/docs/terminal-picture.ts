// A picture of a terminal, as SVG, from what a command really printed; and the lines of one, to hold it against another run.

const glyph = { width: 8.43, height: 19, margin: 18 };
const font = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

/** What was typed and what came; readable on light and dark pages. */
export const terminalPicture = (command: string, printed: readonly string[]): string => {
  const lines = [`# ${command}`, ...printed];
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(columns * glyph.width + 2 * glyph.margin);
  const height = lines.length * glyph.height + 2 * glyph.margin;
  const texts = lines.map((line, index) => {
    const y = glyph.margin + (index + 0.75) * glyph.height;
    return `<text xml:space="preserve" x="${glyph.margin}" y="${y}"${index === 0 ? ' fill="#fff" font-weight="bold"' : ""}>${escaped(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(lines[0] ?? "")}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#1c2128"/>`,
    `<g font-family="${font}" font-size="14" fill="#cdd9e5" style="white-space: pre">`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
};

/** The lines of such a picture, without the command. */
export const picturedLines = (svg: string): readonly string[] =>
  [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].slice(1).map(([, line = ""]) => unescaped(line));

/** Paragraphs whose first line begins so; `...` for those in between. */
export const paragraphs = (output: string, begin: readonly string[]): readonly string[] => {
  const all = output.trimEnd().split(/\n{2,}/);
  const lines: string[] = [];
  for (const one of all) {
    const kept = begin.some((words) => one.trimStart().startsWith(words));
    if (kept) lines.push(...(lines.length > 0 && lines.at(-1) !== "..." ? [""] : []), ...one.split("\n"));
    else if (lines.at(-1) !== "...") lines.push("...");
  }
  return lines;
};
