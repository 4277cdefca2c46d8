// Applies and takes back the two kinds of change that are plain file edits: a whole file, and one line of somebody's file.
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../domain/failure.ts";
import { isStamped } from "../domain/stamp.ts";
import { fileFailure, readTextIfPresent, syncFolder, writeFileAtomic } from "../system/files.ts";
import { removeLeftovers } from "../system/leftovers.ts";
import type { Change, LineReplacement } from "./server.ts";

export type FileChange = Extract<Change, { kind: "file" }>;
export type LineChange = Extract<Change, { kind: "line" }>;
export type Reverted = "reverted" | "not-ours";

const remove = async (path: string): Promise<void> => {
  try {
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileFailure(error, "remove", path);
  }
};

/**
 * The permission bits of a file, or undefined where there is none. With an access list, the group's bits are the list's mask, which is whoever gave the
 * list's own to say: as our files have them, everybody may read or root alone.
 */
export const modeOf = async (path: string): Promise<number | undefined> => {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  const mode = found.mode & 0o7777;
  const usual = (mode & 0o7707) | ((mode & 0o004) << 3);
  if (mode === usual) return mode;
  return (await (await import("../system/keep-access-list.ts")).isListed(path)) ? usual : mode;
};

export const applyFile = async (change: FileChange): Promise<void> => {
  const { path, content, mode } = change;
  if (content === undefined) return remove(path);
  const text = await readTextIfPresent(path);
  if (text === content && (await modeOf(path)) === mode) return;
  // The file is ours: its mode is the one that the server needs, not the one that it was found with.
  await writeFileAtomic(path, content, { mode, keepOwner: true, base: { text } });
};

export const revertFile = async (change: FileChange): Promise<Reverted> => {
  const { path, content, before, mode, shared } = change;
  // Of a run that was killed while it wrote the file: nothing is written where it never came to be.
  await removeLeftovers(dirname(path)).catch(() => undefined);
  const current = await readTextIfPresent(path);
  if (current === before) return "reverted";
  const ours = content !== undefined && shared ? isStamped(current) : current === content;
  if (!ours) return "not-ours";
  if (before === undefined) await remove(path);
  else await writeFileAtomic(path, before, { mode, keepMode: true, base: { text: current } });
  return "reverted";
};

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

export const applyLine = async (change: LineChange): Promise<void> => {
  const read = await readLines(change.path);
  const { lines } = read;
  if (change.before === undefined) {
    if (lines.includes(change.after)) return;
    appendLine(lines, change.after);
    return writeLines(change.path, read);
  }
  const all = replacements(change);
  if (all.every(({ line, after }) => lines[line - 1] === after)) return;
  for (const { line, before, after } of all) {
    if (lines[line - 1] !== before) throw movedOn(change, line);
    lines[line - 1] = after;
  }
  return writeLines(change.path, read);
};

/**
 * Where the lines of a change stand by now, as indices: lines above may have come or gone since. All moved by the same number, nearest first, for two of
 * them may read alike; else each where its text stands once. undefined: not all of them, and half of what belongs together would be worse than all of it.
 */
const placesOf = (lines: readonly string[], all: readonly LineReplacement[]): readonly number[] | undefined => {
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

export const revertLine = async (change: LineChange): Promise<Reverted> => {
  const { path, before, after } = change;
  const read = await readLines(path);
  const { lines } = read;
  if (before === undefined) {
    const index = lines.lastIndexOf(after);
    if (index < 0) return "reverted";
    lines.splice(index, 1);
  } else {
    const all = replacements(change);
    const places = placesOf(lines, all);
    if (places === undefined) return all.some((one) => !lines.includes(one.before)) ? "not-ours" : "reverted";
    for (const [nth, place] of places.entries()) lines[place] = all[nth]?.before ?? "";
  }
  await writeLines(path, read);
  return "reverted";
};

const noEdit = ({ kind }: Change): never => {
  throw new Error(`a change of the kind ${kind} is no edit of a file`);
};

/** Either kind. Others are a bug of whoever asks. */
export const applyEdit = async (change: Change): Promise<void> => {
  if (change.kind === "file") return applyFile(change);
  return change.kind === "line" ? applyLine(change) : noEdit(change);
};

export const revertEdit = async (change: Change): Promise<Reverted> => {
  if (change.kind === "file") return revertFile(change);
  return change.kind === "line" ? revertLine(change) : noEdit(change);
};
