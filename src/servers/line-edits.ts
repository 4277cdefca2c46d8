// Applies and takes back changes of lines in somebody else's file: all lines of a change in one write, or none.
import { Failure } from "../domain/failure.ts";
import { readTextIfPresent, writeFileAtomic } from "../system/files.ts";
import { markIn } from "./line-mark.ts";
import type { Change, LineReplacement } from "./server.ts";

export type LineChange = Extract<Change, { kind: "line" }>;

/** A file's lines, and the text that they were read from: what is written must not take back what somebody wrote meanwhile. */
interface Lines {
  readonly lines: string[];
  readonly text: string | undefined;
}

const readLines = async (path: string): Promise<Lines> => {
  const text = await readTextIfPresent(path);
  return { lines: (text ?? "").split("\n"), text };
};

const writeLines = (path: string, { lines, text }: Lines): Promise<void> =>
  writeFileAtomic(path, lines.join("\n"), { mode: 0o644, keepMode: true, follow: true, base: { text } });

/** Adds a last line so that taking it away again gives the very same bytes, with or without a final line end. */
export const appendLine = (lines: string[], line: string): void => {
  if (lines.at(-1) === "") lines.splice(-1, 0, line);
  else lines.push(line);
};

const movedOn = ({ path }: LineChange, line: number): Failure =>
  new Failure("try-later", `${path} line ${line} changed while mailcert worked: nothing was edited`, {
    hints: ["run the command again: it reads the file anew"],
  });

/** Every line that a change replaces: all of them are written at once, or none. */
const replacements = ({ line, before = "", after, also = [] }: LineChange): readonly LineReplacement[] => [
  { line, before, after },
  ...also,
];

/** Our text for a line may be several. */
const blockOf = ({ after }: LineReplacement): readonly string[] => after.split("\n");

const standsAt = (lines: readonly string[], place: number, block: readonly string[]): boolean =>
  block.every((text, nth) => lines[place + nth] === text);

/**
 * Where the lines of a change stand by now, as indices, by their marks. undefined: not all of them, or one stands there twice (a block that
 * somebody copied): which of them was ours is anybody's guess, and the wrong one would get another's certificate.
 */
const markedPlaces = (lines: readonly string[], all: readonly LineReplacement[]): readonly number[] | undefined => {
  const places: number[] = [];
  for (const one of all) {
    const mark = markIn(one.after) ?? "";
    const block = blockOf(one);
    const found = lines.flatMap((text, index) => (text.includes(mark) ? [index] : []));
    const place = (found[0] ?? -1) - block.findIndex((text) => text.includes(mark));
    if (found.length !== 1 || !standsAt(lines, place, block)) return undefined;
    places.push(place);
  }
  return places;
};

/**
 * The same of lines without marks: lines above may have come or gone since. All moved by the same number, nearest first, for two of them may read
 * alike; else each where its text stands once. undefined: not all of them, and half of what belongs together would be worse than all of it.
 */
const unmarkedPlaces = (lines: readonly string[], all: readonly LineReplacement[]): readonly number[] | undefined => {
  const at = (shift: number): readonly number[] => all.map(({ line }) => line - 1 + shift);
  const stand = (places: readonly number[]): boolean =>
    all.every(({ after }, nth) => lines[places[nth] ?? -1] === after);
  for (let far = 0; far <= lines.length; far += 1) {
    const shift = [far, -far].find((one) => stand(at(one)));
    if (shift !== undefined) return at(shift);
  }
  const once = all.every(({ after }) => lines.filter((text) => text === after).length === 1);
  const places = all.map(({ after }) => lines.indexOf(after));
  return once && new Set(places).size === places.length ? places : undefined;
};

const isMarked = (all: readonly LineReplacement[]): boolean => all.every(({ after }) => markIn(after) !== undefined);

export const applyLine = async (change: LineChange): Promise<void> => {
  const read = await readLines(change.path);
  const { lines } = read;
  if (change.before === undefined) {
    if (lines.includes(change.after)) return;
    appendLine(lines, change.after);
    return writeLines(change.path, read);
  }
  const all = replacements(change);
  const isDone = isMarked(all)
    ? markedPlaces(lines, all) !== undefined
    : all.every(({ line, after }) => lines[line - 1] === after);
  if (isDone) return;
  // From the last one up: what takes several lines moves none of those that are still to be found.
  for (const one of all.toSorted((a, b) => b.line - a.line)) {
    if (lines[one.line - 1] !== one.before) throw movedOn(change, one.line);
    lines.splice(one.line - 1, 1, ...blockOf(one));
  }
  return writeLines(change.path, read);
};

/** Nothing of it stands there, and what stood before it does. */
const isUndone = (lines: readonly string[], all: readonly LineReplacement[], marked: boolean): boolean =>
  all.every(({ before }) => lines.includes(before)) &&
  !(marked && all.some(({ after }) => lines.some((text) => text.includes(markIn(after) ?? ""))));

export const revertLine = async (change: LineChange): Promise<"reverted" | "not-ours"> => {
  const { path, before, after } = change;
  const read = await readLines(path);
  const { lines } = read;
  if (before === undefined) {
    const index = lines.lastIndexOf(after);
    if (index < 0) return "reverted";
    lines.splice(index, 1);
  } else {
    const all = replacements(change);
    const marked = isMarked(all);
    const places = marked ? markedPlaces(lines, all) : unmarkedPlaces(lines, all);
    if (places === undefined) return isUndone(lines, all, marked) ? "reverted" : "not-ours";
    const found = all.map((one, nth) => ({ one, place: places[nth] ?? -1 })).toSorted((a, b) => b.place - a.place);
    for (const { one, place } of found) lines.splice(place, blockOf(one).length, one.before);
  }
  await writeLines(path, read);
  return "reverted";
};
