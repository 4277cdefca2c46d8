// A folder that stays the one that was looked at: opened step by step, and only through links that nobody but root can have put there.
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { fileFailure } from "./files.ts";
import { ownDescriptors, refuseWithoutProc } from "./without-proc.ts";

export interface HeldFolder {
  /** The path of a file in it, wherever its own path leads by now. */
  readonly at: (name: string) => string;
  /** The folder itself. */
  readonly path: string;
  readonly close: () => Promise<void>;
}

/** Of Linux (open(2)), which Node does not name: the folder need not be readable, only there. */
const oPath = 0o10000000;
const flags = oPath | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const mostLinks = 40;

interface Facts {
  readonly uid: number;
  readonly mode: number;
}

const isMine = ({ uid }: Facts): boolean => uid === 0 || uid === process.geteuid?.();

/** Root's link, in a folder in which nobody else makes or moves one. With the sticky bit each moves their own alone. */
const isTrusted = (link: Facts, folder: Facts): boolean =>
  isMine(link) && isMine(folder) && ((folder.mode & 0o022) === 0 || (folder.mode & 0o1000) !== 0);

const foreignLink = (path: string, link: string, leads: string, uid: number): Failure =>
  new Failure("config", `the way to ${path} leads through a link that somebody else can change: ${link} (uid ${uid})`, {
    hints: [
      `it leads to ${clean(resolve(dirname(link), leads), 200)} now: name that folder in the configuration, or take the link away`,
    ],
    facts: { code: "FOREIGN_LINK", path, link },
  });

/**
 * The caller closes it. undefined: there is no such folder.
 * @throws Failure `config` where somebody else's link is on the way: they would say where root writes. Their folders may be: a folder leads nowhere else.
 * `unavailable` where /proc is not mounted.
 */
export const holdFolder = async (path: string, descriptors = ownDescriptors): Promise<HeldFolder | undefined> => {
  const heldAt = (handle: FileHandle): string => `${descriptors}/${handle.fd}`;
  let here = await open("/", flags);
  let links = 0;
  let walked = "";
  let pending = path.split("/").filter((part) => part !== "" && part !== ".");
  try {
    for (let [part] = pending; part !== undefined; [part] = pending) {
      const step = `${heldAt(here)}/${part}`;
      const found = await lstat(step);
      pending = pending.slice(1);
      if (!found.isSymbolicLink()) {
        const next = await open(step, flags);
        await here.close();
        here = next;
        walked += `/${part}`;
        continue;
      }
      const leads = await readlink(step);
      if (!isTrusted(found, await here.stat())) throw foreignLink(path, `${walked}/${part}`, leads, found.uid);
      links += 1;
      if (links > mostLinks) throw Object.assign(new Error("too many links"), { code: "ELOOP" });
      pending = [...leads.split("/").filter((one) => one !== "" && one !== "."), ...pending];
      if (!leads.startsWith("/")) continue;
      const root = await open("/", flags);
      await here.close();
      here = root;
      walked = "";
    }
  } catch (error) {
    await here.close();
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      await refuseWithoutProc(descriptors);
      return undefined;
    }
    throw fileFailure(error, "open the folder", path);
  }
  const folder = heldAt(here);
  return { at: (name) => `${folder}/${name}`, path: folder, close: () => here.close() };
};

/** The same for the time of one job; `job` gets undefined where there is no such folder. */
export const inFolder = async <Result>(
  path: string,
  job: (folder: HeldFolder | undefined) => Promise<Result>,
): Promise<Result> => {
  const folder = await holdFolder(path);
  try {
    return await job(folder);
  } finally {
    await folder?.close();
  }
};
