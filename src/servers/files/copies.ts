// Puts copies of a certificate's files in place together, and takes them back: what stood there before is kept beside them, never read.
import { constants } from "node:fs";
import { type FileHandle, link, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { hasAccessList, takeAccessList } from "../../system/access-list.ts";
import { fileFailure, syncFolder, temporaryBeside } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import type { Reverted } from "../edits.ts";
import type { Change, CopiedFile } from "../server.ts";

export type CopiesChange = Extract<Change, { kind: "copies" }>;

/** Copies of ours are a few kilobytes. */
const mostBytes = 1 << 20;

/** Of a file, through one descriptor and without waiting: what has the place may be a pipe, or be changed while it is looked at. undefined: no such file. */
const readRegular = async (handle: FileHandle): Promise<string | undefined> => {
  const found = await handle.stat();
  if (!found.isFile() || found.size > mostBytes) return undefined;
  return handle.readFile("utf8");
};

const contentOf = async (path: string): Promise<string | undefined> => {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return await readRegular(handle);
  } catch (error) {
    if (["ENOENT", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw fileFailure(error, "read", path);
  } finally {
    await handle?.close();
  }
};

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;

/** `<certificate>/live/<slot>/<file>`: the same file of every generation that is there. */
const generationsOf = async (from: string): Promise<readonly string[]> => {
  const [file, slot] = [from.split("/").at(-1) ?? "", from.split("/").at(-2) ?? ""];
  const folder = join(dirname(from), "../../generations");
  const numbers = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name));
  return numbers.map((number) => join(folder, number, slot, file));
};

const isKnown = async (content: string | undefined, from: string): Promise<boolean> => {
  if (content === undefined) return false;
  for (const known of await generationsOf(from)) if ((await contentOf(known)) === content) return true;
  return false;
};

/** Whether a file is a copy that we made: of what is live, or of a generation before. */
const isOurs = async (path: string, from: string): Promise<boolean> => isKnown(await contentOf(path), from);

/**
 * The copy of ours that has the place now, where somebody gave it an access list. The caller closes it. Whoever may write to the folder can put a file
 * with a list of their own there: whom the next key is for is not theirs to say.
 */
const listedCopy = async (run: RunProgram, { path, from, uid }: CopiedFile): Promise<FileHandle | undefined> => {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const present = await open(path, flags).catch(() => undefined);
  if (!present) return undefined;
  const ours = (await present.stat()).uid === uid && (await isKnown(await readRegular(present), from));
  if (ours && (await hasAccessList(run, present))) return present;
  await present.close();
  return undefined;
};

/** With an access list the bits of the group are its mask: whoever made it says what they are. */
const hasMode = async (run: RunProgram, file: CopiedFile, found: number): Promise<boolean> => {
  const { mode } = file;
  if (found === mode) return true;
  if ((found & 0o7707) !== (mode & 0o7707)) return false;
  const listed = await listedCopy(run, file);
  await listed?.close();
  return listed !== undefined;
};

/** Whether a copy says what is live says, for those whom it is for. */
export const isInPlace = async (run: RunProgram, file: CopiedFile): Promise<boolean> => {
  const { path, from, uid, gid } = file;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.uid !== uid || found.gid !== gid) return false;
  if (!(await hasMode(run, file, found.mode & 0o7777))) return false;
  return (await contentOf(path)) === (await contentOf(from));
};

/** Where somebody else's file is kept, or has been since our first copy; undefined: there was none. */
export const keptAs = async (path: string, from: string): Promise<string | undefined> => {
  const first = `${path}.before-mailcert`;
  const foreign = (await exists(path)) && !(await isOurs(path, from));
  if (!foreign) return (await exists(first)) ? first : undefined;
  for (let number = 2, kept = first; ; number += 1) {
    if (!(await exists(kept))) return kept;
    kept = `${first}-${number}`;
  }
};

const keep = async ({ path, from, kept }: CopiedFile): Promise<void> => {
  if (kept === undefined || (await exists(kept)) || !(await exists(path)) || (await isOurs(path, from))) return;
  try {
    await link(path, kept);
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileFailure(error, "keep the present file as", kept);
  }
};

/** Through one descriptor: the folder may be somebody else's, who could put a link in the place of a path. */
const write = async (run: RunProgram, temporary: string, content: string, file: CopiedFile): Promise<void> => {
  const { path, mode, uid, gid } = file;
  let handle: FileHandle | undefined;
  const listed = await listedCopy(run, file);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    handle = await open(temporary, flags, 0o600);
    await handle.chown(uid, gid);
    if (listed) await takeAccessList(run, listed, handle, mode);
    else await handle.chmod(mode);
    // Empty until it is for those alone whom it is for.
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    throw fileFailure(error, "write", path);
  } finally {
    await handle?.close();
    await listed?.close();
  }
};

/** All are written beside their places first, so that key and certificate take them one rename after the other. */
export const applyCopies = async (run: RunProgram, { files }: CopiesChange): Promise<void> => {
  const ready: { readonly temporary: string; readonly path: string }[] = [];
  try {
    for (const file of files) {
      if (await isInPlace(run, file)) continue;
      const content = await contentOf(file.from);
      if (content === undefined) throw new Failure("data", `${file.from} cannot be copied: it is not there`);
      await keep(file);
      const temporary = temporaryBeside(file.path);
      ready.push({ temporary, path: file.path });
      await write(run, temporary, content, file);
    }
    for (const { temporary, path } of ready) {
      await rename(temporary, path).catch((error: unknown) => {
        throw fileFailure(error, "replace", path);
      });
    }
    for (const folder of new Set(ready.map(({ path }) => dirname(path)))) await syncFolder(folder);
  } catch (error) {
    for (const { temporary } of ready) await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
};

export const revertCopies = async ({ files }: CopiesChange): Promise<Reverted> => {
  let foreign = false;
  for (const { path, from, kept } of files.toReversed()) {
    const there = await exists(path);
    if (there && !(await isOurs(path, from))) {
      // Put back already, where nothing is kept any more.
      foreign ||= kept === undefined || (await exists(kept));
      continue;
    }
    try {
      if (kept !== undefined && (await exists(kept))) await rename(kept, path);
      else await rm(path, { force: true });
      if (await exists(dirname(path))) await syncFolder(dirname(path));
    } catch (error) {
      throw fileFailure(error, "take back", path);
    }
  }
  return foreign ? "not-ours" : "reverted";
};
