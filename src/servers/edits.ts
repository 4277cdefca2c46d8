// Applies and takes back the two kinds of change that are plain file edits: a whole file, and lines of somebody's file (line-edits.ts).
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../domain/failure.ts";
import { isStamped } from "../domain/stamp.ts";
import { fileFailure, readTextIfPresent, syncFolder, writeFileAtomic } from "../system/files.ts";
import { removeLeftovers } from "../system/leftovers.ts";
import { applyLine, revertLine } from "./line-edits.ts";
import type { Change } from "./server.ts";

export { appendLine, applyLine, revertLine, type LineChange } from "./line-edits.ts";
export type FileChange = Extract<Change, { kind: "file" }>;
export type Reverted = "reverted" | "not-ours" | "gone";

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

const isOurs = ({ content, shared }: FileChange, current: string | undefined): boolean =>
  content !== undefined && shared ? isStamped(current) : current === content;

export const revertFile = async (change: FileChange): Promise<Reverted> => {
  const { path, before, mode } = change;
  // Of a run that was killed while it wrote the file: nothing is written where it never came to be.
  await removeLeftovers(dirname(path)).catch(() => undefined);
  const current = await readTextIfPresent(path);
  if (current === before) return "reverted";
  if (!isOurs(change, current)) return "not-ours";
  if (before === undefined) await remove(path);
  else await writeFileAtomic(path, before, { mode, keepMode: true, base: { text: current } });
  return "reverted";
};

/** What still reads a file of ours, in somebody's own words: `/etc/nginx/nginx.conf line 12`. */
export type StillReadBy = (path: string) => Promise<string | undefined>;

/**
 * The same for a server that would not start without a file that its configuration names.
 * @throws Failure `config` where something of somebody else's (a copied block) names it: then it stays.
 */
export const revertUnlessRead = async (
  change: Change,
  name: string,
  readBy: StillReadBy,
  {
    harm = `${name} would not start`,
    mend = "take that line out, or put another certificate in its place",
  }: { readonly harm?: string; readonly mend?: string } = {},
): Promise<Reverted> => {
  if (change.kind !== "file" || change.before !== undefined) return revertEdit(change);
  const current = await readTextIfPresent(change.path);
  if (current === undefined || !isOurs(change, current)) return revertEdit(change);
  const reader = await readBy(change.path);
  if (reader === undefined) return revertEdit(change);
  throw new Failure("config", `${change.path} is still named by ${reader}: without it ${harm}`, {
    hints: [mend],
  });
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
