// Files that are replaced whole or not at all: temporary file, mode, content, fsync, rename, fsync of the folder.
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure, type FailureKind } from "../domain/failure.ts";

export interface WriteOptions {
  /** Mode of a new file, and of a replaced one unless `keepMode`. */
  readonly mode: number;
  /** A file that is replaced keeps its mode, its owner and its access list. */
  readonly keepMode?: boolean;
  /** The same but for the mode. */
  readonly keepOwner?: boolean;
  /** Follow a symbolic link and replace its target (main.cf may be one). Default: the link itself is replaced. */
  readonly follow?: boolean;
  /**
   * Dates the file three seconds back. Postfix's programs sleep and read again for as long as main.cf is younger than two seconds, since
   * it may be half written (dict_load_file_xt): a file that is renamed into place never is.
   */
  readonly settled?: boolean;
  /** The caller syncs the folder (`syncFolder`) once all files are in their places: until then a power cut may bring back what was there. */
  readonly syncsLater?: boolean;
  /** The text on which the edit is based (undefined: there was no file). Where the file says something else by now, nothing is written. */
  readonly base?: { readonly text: string | undefined };
}

const settledAfterMs = 3_000;

/** Turns an errno error into a Failure that names the path; anything else is returned as it is. */
export const fileFailure = (error: unknown, doing: string, path: string): unknown => {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === undefined) return error;
  const kind: FailureKind =
    code === "EACCES" || code === "EPERM"
      ? "no-permission"
      : code === "ENOENT" && doing.startsWith("read")
        ? "data"
        : "cannot-create";
  const why: Record<string, string> = {
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    ENOENT: "no such file or folder",
    ENOSPC: "no space left on the device",
    EDQUOT: "disk quota exceeded",
    EROFS: "the file system is read-only",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "it is a folder",
    ELOOP: "too many symbolic links",
  };
  const hints: Record<string, readonly string[]> = {
    EACCES: ["run mailcert as root, or point --state and --config at folders that this user may write"],
    EPERM: ["run mailcert as root"],
    ENOSPC: ["free some space and run the command again: nothing was lost"],
    EDQUOT: ["free some space and run the command again: nothing was lost"],
    EROFS: [
      "in the hourly run: `mailcert schedule install` lets it write to the folders of the present configuration, and to those of copies of a CA's lists",
      "else remount the file system read-write: `mailcert doctor` says which, and how",
    ],
  };
  return new Failure(kind, `cannot ${doing} ${path}: ${why[code] ?? code}`, {
    cause: error,
    facts: { code, path },
    hints: hints[code] ?? [],
  });
};

/** fsync of a folder, so that a rename in it survives a power cut. */
export const syncFolder = async (path: string): Promise<void> => {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync();
  } finally {
    await handle?.close();
  }
};

/** Writes a file that must not exist yet and syncs it. The mode stands before the first byte: a key is never readable by others, not even for a moment. */
export const writeNewFile = async (path: string, mode: number, content: string | Uint8Array): Promise<void> => {
  const handle = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await handle.chmod(mode);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Looked up when the first file is written: what only reads needs none. */
const crypto = (): typeof import("node:crypto") => process.getBuiltinModule("node:crypto");

/** A name beside `path` that no other run uses, and that nobody can take beforehand: the folder may be somebody else's. It says whose it is (leftovers.ts). */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.mailcert-${process.pid}-${crypto().randomBytes(6).toString("hex")}.tmp`);

/** As late as can be: POSIX has no rename that looks at the content first, so that microseconds are left in which an edit is lost. */
const refuseChanged = async (path: string, target: string, base: string | undefined): Promise<void> => {
  if ((await readTextIfPresent(target)) === base) return;
  throw new Failure("try-later", `${path} was changed by somebody else at this moment: nothing was edited`, {
    hints: ["run the command again: it reads the file anew"],
    facts: { path },
  });
};

/**
 * Writes `content` to `path` atomically. A private key is never readable by others, not even for a moment: the mode is set before the content.
 * @throws Failure `no-permission` or `cannot-create` naming the path, `try-later` where it is not what the edit is based on any more.
 */
export const writeFileAtomic = async (
  path: string,
  content: string | Uint8Array,
  options: WriteOptions,
): Promise<void> => {
  const target = options.follow ? await realpath(path).catch(() => path) : path;
  const temporary = temporaryBeside(target);
  try {
    const keeps = options.keepMode || options.keepOwner;
    const found = keeps ? await lstat(target).catch(() => undefined) : undefined;
    // A link that is replaced has a mode and an owner that mean nothing for a file.
    const before = found?.isFile() ? found : undefined;
    const mode = before && options.keepMode ? before.mode & 0o7777 : options.mode;
    const handle = await open(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      if (before) await handle.chown(before.uid, before.gid);
      // With the mode given first, a 0600 file is 0600 before its first byte; a wider one holds no secret.
      await handle.chmod(mode);
      if (before) await (await import("./keep-access-list.ts")).keepAccessList(target, handle, mode);
      await handle.writeFile(content);
      if (options.settled) {
        const then = new Date(Date.now() - settledAfterMs);
        await handle.utimes(then, then);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (options.base) await refuseChanged(path, target, options.base.text);
    await rename(temporary, target);
    if (!options.syncsLater) await syncFolder(dirname(target));
    // Among the files of others nobody else would clear away what a killed run left.
    if (options.base || options.keepMode) {
      const { removeLeftoverFiles } = await import("./leftovers.ts");
      await removeLeftoverFiles(dirname(target));
    }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileFailure(error, "write", path);
  }
};

/** Makes a folder and those above it, with `mode` for the last one; an existing folder is left as it is. */
export const ensureFolder = async (path: string, mode: number): Promise<void> => {
  try {
    const existing = await lstat(path).catch(() => undefined);
    if (existing) return;
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await mkdir(path, { mode });
    await syncFolder(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw fileFailure(error, "make the folder", path);
  }
};

/** The file's text, or undefined where there is none. @throws Failure when it exists but cannot be read. */
export const readTextIfPresent = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileFailure(error, "read", path);
  }
};
