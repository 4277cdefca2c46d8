// Who may read the private keys of a certificate's generations: root alone, or also one group, for a server that reads them as its own user.
import { constants } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { accountId } from "../system/accounts.ts";
import { fileFailure } from "../system/files.ts";
import type { RunProgram } from "../system/run.ts";
import type { Store } from "./store.ts";

const files = ["privkey.pem", "combined.pem"];

const use = {
  what: "as which a mail server reads its key",
  hint: "install the mail server anew, or leave it out of servers:",
};

/** The mode and the group of one file; never wider for others. Tells whether anything changed. */
const setReaders = async (path: string, gid: number, mode: 0o640 | 0o600): Promise<boolean> => {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const found = await handle.stat();
    const closed = mode === 0o600 && (found.mode & 0o077) === 0;
    if (closed || (found.gid === gid && (found.mode & 0o7777) === mode)) return false;
    // The group is the right one before it may read.
    await handle.chmod(0o600);
    await handle.chown(found.uid, gid);
    await handle.chmod(mode);
    await handle.sync();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw fileFailure(error, "change the readers of", path);
  } finally {
    await handle?.close();
  }
};

/** Whom somebody let read a key beside root (a group, an access list) reads the one that takes its place, too: `to`, a folder that is being written. */
export const carryReaders = async (from: string, to: string): Promise<void> => {
  for (const file of files) {
    const before = await stat(join(from, file)).catch(() => undefined);
    if (before === undefined || (before.mode & 0o070) === 0) continue;
    const handle = await open(join(to, file), constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
    try {
      if (!handle) continue;
      const { uid } = await handle.stat();
      await handle.chown(uid, before.gid);
      const { keepAccessList } = await import("../system/keep-access-list.ts");
      if (!(await keepAccessList(join(from, file), handle, 0o600))) await handle.chmod(0o600 | (before.mode & 0o040));
      await handle.sync();
    } finally {
      await handle?.close();
    }
  }
};

/** `root` is `<state>/certificates`. */
export const createKeyReaders = (root: string, run: RunProgram): Pick<Store, "letRead"> => ({
  letRead: async (name, group) => {
    const folder = join(root, name, "generations");
    // A generation that is being written has another name, and is its owner's alone.
    const numbers = (await readdir(folder).catch(() => [])).filter((entry) => /^\d+$/.test(entry));
    if (numbers.length === 0) return false;
    const gid = group === undefined ? (await stat(folder)).gid : await accountId(run, "group", group, use);
    let changed = false;
    for (const number of numbers) {
      for (const slot of ["ecdsa", "rsa"]) {
        for (const file of files) {
          const path = join(folder, number, slot, file);
          changed = (await setReaders(path, gid, group === undefined ? 0o600 : 0o640)) || changed;
        }
      }
    }
    return changed;
  },
});
