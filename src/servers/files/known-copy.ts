// What stands at a copy's place: a copy of ours, told by its content, or somebody else's file, of whatever kind.
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileKinds } from "../../domain/file-target.ts";
import { fileFailure } from "../../system/files.ts";

/** Copies of ours are a few kilobytes. */
const mostBytes = 1 << 20;

/** Of a file, through one descriptor and without waiting: what has the place may be a pipe, or be changed while it is looked at. undefined: no such file. */
export const readRegular = async (handle: FileHandle): Promise<string | undefined> => {
  const found = await handle.stat();
  if (!found.isFile() || found.size > mostBytes) return undefined;
  return handle.readFile("utf8");
};

const read = async (path: string, flags: number): Promise<string | undefined> => {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    return await readRegular(handle);
  } catch (error) {
    if (["ENOENT", "ENXIO", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw fileFailure(error, "read", path);
  } finally {
    await handle?.close();
  }
};

/** Of a file of ours: the way to it leads through `live`. */
export const sourceContent = (from: string): Promise<string | undefined> => read(from, 0);

/** Of a plain file at a copy's place; a link is none, wherever it leads, and a device is not opened. */
export const contentAt = async (place: string): Promise<string | undefined> => {
  const found = await lstat(place).catch(() => undefined);
  return found?.isFile() ? read(place, constants.O_NOFOLLOW) : undefined;
};

/** A link that leads nowhere is there as well. */
export const exists = async (place: string): Promise<boolean> => {
  try {
    await lstat(place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw fileFailure(error, "look at", place);
  }
};

/** Of `<certificate>/live/<slot>/<file>`: the same file, or the other ones, of every slot of every generation that is there. */
const generationsOf = async (from: string, same: boolean): Promise<readonly string[]> => {
  const file = from.split("/").at(-1) ?? "";
  const folder = join(dirname(from), "../../generations");
  const numbers = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const files = same ? [file] : fileKinds.map((kind) => `${kind}.pem`).filter((name) => name !== file);
  return files.flatMap((one) =>
    numbers.flatMap((number) => ["ecdsa", "rsa"].map((slot) => join(folder, number, slot, one))),
  );
};

/** Whether this is what we would have copied: of what is live, or of a generation before; or another file of theirs, which the configuration named before. */
export const isKnown = async (content: string | undefined, from: string): Promise<boolean> => {
  if (content === undefined) return false;
  for (const path of await generationsOf(from, true)) if ((await sourceContent(path)) === content) return true;
  for (const path of await generationsOf(from, false))
    if ((await sourceContent(path).catch(() => undefined)) === content) return true;
  return false;
};

export const isOurs = async (place: string, from: string): Promise<boolean> => isKnown(await contentAt(place), from);
