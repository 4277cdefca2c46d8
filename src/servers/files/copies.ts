// Puts copies of a certificate's files in place together, and takes them back: what stood there before is kept beside them, never read.
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, rename, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { hasAccessList, takeAccessList } from "../../system/access-list.ts";
import { fileFailure, syncFolder, temporaryBeside } from "../../system/files.ts";
import { type HeldFolder, holdFolder, inFolder } from "../../system/held-folder.ts";
import { removeLeftoverFiles } from "../../system/leftovers.ts";
import type { RunProgram } from "../../system/run.ts";
import type { Reverted } from "../edits.ts";
import type { Change, CopiedFile } from "../server.ts";
import { type Ready, takePlaces } from "./take-places.ts";
import { contentAt, exists, isKnown, isOurs, readRegular, sourceContent } from "./known-copy.ts";

export type CopiesChange = Extract<Change, { kind: "copies" }>;

/** A file with the place that it has in the folder that is held: what its path leads to may be another one by the next look. */
interface Placed {
  readonly file: CopiedFile;
  readonly folder: HeldFolder;
  readonly place: string;
}

const placed = (file: CopiedFile, folder: HeldFolder): Placed => ({
  file,
  folder,
  place: folder.at(basename(file.path)),
});

/**
 * The copy of ours that has the place now, where somebody gave it an access list. The caller closes it. Whoever may write to the folder can put a file
 * with a list of their own there: whom the next key is for is not theirs to say.
 */
const listedCopy = async (run: RunProgram, { file: { from, uid }, place }: Placed): Promise<FileHandle | undefined> => {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const present = await open(place, flags).catch(() => undefined);
  if (!present) return undefined;
  const ours = (await present.stat()).uid === uid && (await isKnown(await readRegular(present), from));
  if (ours && (await hasAccessList(run, present))) return present;
  await present.close();
  return undefined;
};

/** With an access list the bits of the group are its mask: whoever made it says what they are. */
const hasMode = async (run: RunProgram, one: Placed, found: number): Promise<boolean> => {
  const { mode } = one.file;
  if (found === mode) return true;
  if ((found & 0o7707) !== (mode & 0o7707)) return false;
  const listed = await listedCopy(run, one);
  await listed?.close();
  return listed !== undefined;
};

const stands = async (run: RunProgram, one: Placed): Promise<boolean> => {
  const { from, uid, gid } = one.file;
  const found = await lstat(one.place).catch(() => undefined);
  if (!found?.isFile() || found.uid !== uid || found.gid !== gid) return false;
  if (!(await hasMode(run, one, found.mode & 0o7777))) return false;
  return (await contentAt(one.place)) === (await sourceContent(from));
};

/** Whether a copy says what live says, for those whom it is for. @throws Failure `config` where the way to it is somebody else's to change. */
export const isInPlace = (run: RunProgram, file: CopiedFile): Promise<boolean> =>
  inFolder(dirname(file.path), async (folder) => folder !== undefined && stands(run, placed(file, folder)));

/** What another program puts there time and again may be keys. */
const mostKept = 20;

/** Where somebody else's file is kept, or has been since our first copy; undefined: there was none. */
export const keptAs = (path: string, from: string): Promise<string | undefined> =>
  inFolder(dirname(path), async (folder) => {
    if (!folder) return undefined;
    const name = basename(path);
    const first = `${path}.before-mailcert`;
    const isThere = (kept: string): Promise<boolean> => exists(folder.at(basename(kept)));
    const foreign = (await exists(folder.at(name))) && !(await isOurs(folder.at(name), from));
    if (!foreign) return (await isThere(first)) ? first : undefined;
    for (let number = 2, kept = first; number <= mostKept + 1; number += 1) {
      if (!(await isThere(kept))) return kept;
      kept = `${first}-${number}`;
    }
    throw new Failure(
      "config",
      `${path}: something else writes there again and again; ${mostKept} files of its are kept beside it`,
      {
        hints: [`find out what does, or name another path in the configuration; then: rm ${shellWord(first)}*`],
      },
    );
  });

/** @throws Failure `config` where a folder is missing, or has the place of a file, or the way to it is somebody else's to change. */
export const refuseUnusable = async (name: string, paths: readonly string[]): Promise<void> => {
  for (const path of paths) {
    await inFolder(dirname(path), async (folder) => {
      if (!folder) {
        throw new Failure("config", `files: ${name}: there is no folder ${dirname(path)}`, {
          hints: [`make it: mkdir ${shellWord(dirname(path))}`],
        });
      }
      const found = await lstat(folder.at(basename(path))).catch(() => undefined);
      if (found?.isDirectory()) {
        throw new Failure("config", `files: ${name}: ${path} is a folder, and no file can take its place`, {
          hints: [
            `remove it: rmdir ${shellWord(path)} (Docker makes a folder where a file that it is to mount is missing)`,
          ],
        });
      }
    });
  }
};

const keep = async ({ file: { from, kept }, folder, place }: Placed): Promise<void> => {
  if (kept === undefined) return;
  const keeping = folder.at(basename(kept));
  if ((await exists(keeping)) || !(await exists(place)) || (await isOurs(place, from))) return;
  try {
    await link(place, keeping);
    await syncFolder(folder.path);
  } catch (error) {
    throw fileFailure(error, "keep the present file as", kept);
  }
};

/** Through one descriptor: the folder may be somebody else's, who could put a link in the place of a path. */
const write = async (run: RunProgram, temporary: string, content: string, one: Placed): Promise<void> => {
  const { path, mode, uid, gid } = one.file;
  let handle: FileHandle | undefined;
  const listed = await listedCopy(run, one);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    handle = await open(temporary, flags, 0o600);
    await handle.chown(uid, gid);
    if (listed) await takeAccessList(run, listed, handle, mode);
    else await handle.chmod(mode);
    // With 0600 the list's mask lets nobody in, and what all may read is no secret.
    const isShared = (mode & 0o070) !== 0 && (mode & 0o007) === 0;
    if (!listed && isShared && (await hasAccessList(run, handle))) throw listGiven(path);
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

/** The owner of the folder would say who reads the key. */
const listGiven = (path: string): Failure =>
  new Failure("config", `${path} is not written: its folder gives every new file an access list`, {
    hints: [`take it away: setfacl -k ${shellWord(dirname(path))}; or let the copy have mode 0600`],
  });

/** Every folder once, held until all is done. */
const inFolders = async (
  files: readonly CopiedFile[],
  job: (all: readonly Placed[]) => Promise<void>,
): Promise<void> => {
  const held = new Map<string, HeldFolder>();
  try {
    const all: Placed[] = [];
    for (const file of files) {
      const path = dirname(file.path);
      const folder = held.get(path) ?? (await holdFolder(path));
      if (!folder)
        throw new Failure("config", `there is no folder ${path}`, { hints: [`make it: mkdir ${shellWord(path)}`] });
      held.set(path, folder);
      all.push(placed(file, folder));
    }
    await job(all);
  } finally {
    for (const folder of held.values()) await folder.close();
  }
};

/** All are written beside their places first, so that key and certificate take them one rename after the other. */
export const applyCopies = (run: RunProgram, { files }: CopiesChange): Promise<void> =>
  inFolders(files, async (all) => {
    const ready: Ready[] = [];
    const folders = new Set(all.map(({ folder }) => folder));
    try {
      // What a killed run left can be a copy of the key.
      for (const folder of folders) await removeLeftoverFiles(folder.path);
      for (const one of all) {
        const { file, folder } = one;
        if (await stands(run, one)) continue;
        const content = await sourceContent(file.from);
        if (content === undefined) throw new Failure("data", `${file.from} cannot be copied: it is not there`);
        await keep(one);
        const temporary = folder.at(basename(temporaryBeside(file.path)));
        ready.push({ temporary, folder, place: one.place, path: file.path });
        await write(run, temporary, content, one);
      }
      await takePlaces(ready);
      for (const folder of folders) await syncFolder(folder.path);
    } catch (error) {
      for (const { temporary } of ready) await unlink(temporary).catch(() => undefined);
      throw error;
    }
  });

const isSameFile = async (one: string, other: string): Promise<boolean> => {
  const [first, second] = await Promise.all([one, other].map((path) => lstat(path).catch(() => undefined)));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
};

const revertOne = async ({ file: { path, from, kept }, folder, place }: Placed): Promise<Reverted> => {
  const keeping = kept === undefined ? undefined : folder.at(basename(kept));
  try {
    await removeLeftoverFiles(folder.path);
    const there = await exists(place);
    // Kept by a run that then could not put ours there: it stands where it stood.
    if (keeping !== undefined && (await isSameFile(place, keeping))) await unlink(keeping);
    // Put back already, where nothing is kept any more.
    else if (there && !(await isOurs(place, from)))
      return keeping === undefined || (await exists(keeping)) ? "not-ours" : "reverted";
    else if (keeping !== undefined && (await exists(keeping))) await rename(keeping, place);
    else if (there) await unlink(place);
    await syncFolder(folder.path);
    return "reverted";
  } catch (error) {
    throw fileFailure(error, "take back", path);
  }
};

/** Where the folder has gone, its files have. @throws Failure where one cannot be taken back; the others are. */
export const revertCopies = async ({ files }: CopiesChange): Promise<Reverted> => {
  let foreign = false;
  let trouble: unknown;
  for (const file of files.toReversed()) {
    try {
      const done = await inFolder(dirname(file.path), async (folder) => folder && revertOne(placed(file, folder)));
      foreign ||= done === "not-ours";
    } catch (error) {
      trouble ??= error;
    }
  }
  if (trouble !== undefined) throw trouble;
  return foreign ? "not-ours" : "reverted";
};
