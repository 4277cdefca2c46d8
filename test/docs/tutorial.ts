// Reads a tutorial: its commands in order, what each is said to print, and whether what it printed fits.

/** The marks, comments that readers of the page's source see: how docs/tutorials/README.md explains them. */
const mark = /^<!-- (not run|ends with|lab|on|picture): (.+) -->$/;

export type Step =
  | { readonly kind: "lab"; readonly line: number; readonly action: string }
  | { readonly kind: "not run"; readonly line: number; readonly command: string; readonly why: string }
  | {
      readonly kind: "command";
      readonly line: number;
      readonly command: string;
      readonly status: number;
      readonly elsewhere: boolean;
      /** Name of its picture in docs/images. */
      readonly picture: string | undefined;
      /** Lines, `...` for what is left out; undefined where the page shows nothing. */
      readonly printed: readonly string[] | undefined;
    };

interface Fence {
  readonly word: string;
  readonly line: number;
  readonly lines: readonly string[];
  readonly marks: readonly (readonly [string, string])[];
}

/** Fences and lone `lab` marks in order. A mark is of the next fence; a paragraph between them is a mistake. */
const fencesOf = (text: string): readonly Fence[] => {
  const fences: Fence[] = [];
  let marks: (readonly [string, string])[] = [];
  let open: { word: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (open !== undefined) {
      if (line !== "```") {
        open.lines.push(line);
        continue;
      }
      fences.push({ ...open, marks });
      [open, marks] = [undefined, []];
    } else if (line.startsWith("```")) {
      open = { word: line.slice(3), line: index + 1, lines: [] };
    } else {
      const [, what = "", value = ""] = mark.exec(line) ?? [];
      if (what === "lab") fences.push({ word: "lab", line: index + 1, lines: [value], marks: [] });
      else if (what !== "") marks.push([what, value]);
      else if (line.startsWith("<!--")) throw new Error(`line ${index + 1}: no such mark: ${line}`);
      else if (line !== "" && marks.length > 0) throw new Error(`line ${index + 1}: a mark above no command`);
    }
  }
  if (open !== undefined || marks.length > 0) throw new Error("a fence without an end, or a mark above nothing");
  return fences;
};

/** Throws where a page is not made as docs/tutorials/README.md says. */
export const stepsOf = (text: string): readonly Step[] => {
  const fences = fencesOf(text);
  return fences.flatMap(({ word, line, lines, marks }, index): readonly Step[] => {
    if (word === "lab") return [{ kind: "lab", line, action: lines[0] ?? "" }];
    if (word === "text") {
      if (fences[index - 1]?.word !== "sh") throw new Error(`line ${line}: text that no command before it prints`);
      return [];
    }
    if (word !== "sh") throw new Error(`line ${line}: neither sh nor text: ${word}`);
    const marked = new Map(marks);
    const command = lines.join("\n");
    const why = marked.get("not run");
    if (why !== undefined) return [{ kind: "not run", line, command, why }];
    const next = fences[index + 1];
    const status = Number(marked.get("ends with") ?? 0);
    const [elsewhere, picture] = [marked.has("on"), marked.get("picture")];
    const printed = next?.word === "text" ? next.lines : undefined;
    return [{ kind: "command", line, command, status, elsewhere, picture, printed }];
  });
};

/** What differs from run to run, as one word each: dates, hex, sizes and times, versions of servers; and how wide columns are. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\b(?:[A-Z][a-z]{2} )?\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?(?: UTC)?/g, "DATE"],
  [/\b(?:[0-9A-F]{2}:){7,}(?:[0-9A-F]{2}\b)?/g, "HEX"],
  [/\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b/g, "HEX"],
  [/\b\d+(?:\.\d+)? ?(s|ms|min|MiB|octets)\b/g, "N $1"],
  [/\b([Dd]ovecot|[Pp]ostfix) \d+(?:\.\d+)+/g, "$1 VERSION"],
  [/\s+/g, " "],
];

export const plainLine = (line: string): string =>
  volatile.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), line).trim();

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

const fits = (expected: string, line: string): boolean =>
  new RegExp(`^${plainLine(expected).split("...").map(escaped).join(".*")}$`).test(plainLine(line));

/** Undefined where it fits, else the first line of the page that was not printed where it should have been. */
export const misfit = (expected: readonly string[], output: string): string | undefined => {
  const printed = output.replace(/\n+$/, "").split("\n");
  let at = 0;
  let gap = false;
  for (const line of expected) {
    if (line.trim() === "...") {
      gap = true;
      continue;
    }
    const found: number = gap ? printed.findIndex((one, index) => index >= at && fits(line, one)) : at;
    if (found === -1 || printed[found] === undefined || !fits(line, printed[found])) return line;
    [at, gap] = [found + 1, false];
  }
  if (!gap && at < printed.length) return `(the end, but it goes on: ${printed[at]})`;
  return undefined;
};
