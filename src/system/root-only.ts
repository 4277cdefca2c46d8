// Whether only root can change a program that root will run unattended: the file, every folder above it, every link on the way.
import { lstat, readdir, readlink, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileFailure } from "./files.ts";

export interface Offence {
  readonly path: string;
  /** `its owner (uid 1000)`, `its group (gid 50)`, `everybody` */
  readonly who: string;
  /** A command that mends it; absent where that would take away what is meant to be so (/tmp, somebody's home). */
  readonly mend?: string;
}

interface Facts {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A path in a command for a person's shell. */
const shown = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

/** The group counts whatever it is: with an ACL its bits are the mask of all others that are named there. */
const offenceOf = (path: string, { uid, gid, mode }: Facts): Offence | undefined => {
  if (uid !== 0) return { path, who: `its owner (uid ${uid})` };
  // Sticky: others cannot replace what is root's in it, but what is run every hour has no place in /tmp.
  if ((mode & 0o1002) === 0o1002) return { path, who: "everybody" };
  if ((mode & 0o002) !== 0) return { path, who: "everybody", mend: `chmod go-w ${shown(path)}` };
  if ((mode & 0o020) !== 0) return { path, who: `its group (gid ${gid})`, mend: `chmod g-w ${shown(path)}` };
  return undefined;
};

export type Look = (path: string) => Promise<(Facts & { readonly link?: string }) | undefined>;

export const look: Look = async (path) => {
  try {
    const facts = await lstat(path);
    const { uid, gid, mode } = facts;
    return facts.isSymbolicLink() ? { uid, gid, mode, link: await readlink(path) } : { uid, gid, mode };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileFailure(error, "look at", path);
  }
};

const mostLinks = 40;

/**
 * The first thing on the way to `path` that somebody other than root can change. Links are followed step by step, so that the
 * folders that hold them are looked at too. `seen` keeps what was found good.
 */
export const offenceOnTheWay = async (
  path: string,
  seen: Set<string> = new Set(),
  lookAt: Look = look,
): Promise<Offence | undefined> => {
  let links = 0;
  let here = "/";
  let pending = ["", ...path.split("/")];
  while (pending.length > 0) {
    const [part = "", ...rest] = pending;
    pending = rest;
    if (part === ".") continue;
    if (part === "..") {
      // The folder above where the links have led, as the kernel goes.
      here = dirname(here);
      continue;
    }
    const next = join(here, part);
    if (!seen.has(next)) {
      const facts = await lookAt(next);
      if (facts === undefined) return undefined;
      if (facts.link !== undefined) {
        links += 1;
        if (links > mostLinks) return { path: next, who: "nobody: its links go round in a circle" };
        if (facts.link.startsWith("/")) here = "/";
        pending = [...facts.link.split("/"), ...pending];
        continue;
      }
      const offence = offenceOf(next, facts);
      if (offence !== undefined) return offence;
      seen.add(next);
    }
    here = next;
  }
  return undefined;
};

const mostFiles = 20_000;

const filesBelow = async (folder: string): Promise<readonly string[]> => {
  try {
    const entries = await readdir(folder, { recursive: true });
    return entries.slice(0, mostFiles).map((name) => join(folder, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw fileFailure(error, "read the folder", folder);
  }
};

/** Looks at Node, the program's file (`bin/mailcert.js`, or a link to it), and all that it loads from beside it: nothing where one file carries everything. */
export const findOffence = async (
  nodePath: string,
  programPath: string,
  lookAt: Look = look,
): Promise<Offence | undefined> => {
  const file = await realpath(programPath).catch(() => programPath);
  const home = dirname(dirname(file));
  const seen = new Set<string>();
  const parts = file === (await realpath(nodePath).catch(() => nodePath)) ? [] : ["bin", "dist", "templates"];
  const folders = parts.map((name) => join(home, name));
  const below = (await Promise.all(folders.map((folder) => filesBelow(folder)))).flat();
  const settings = parts.length === 0 ? [] : [join(home, "package.json")];
  for (const path of [nodePath, programPath, ...settings, ...folders, ...below]) {
    const offence = await offenceOnTheWay(path, seen, lookAt);
    if (offence === undefined) continue;
    const ours = parts.length > 0 && (offence.path === home || offence.path.startsWith(`${home}/`));
    return offence.mend === undefined && ours ? { ...offence, mend: `chown -R root:root ${shown(home)}` } : offence;
  }
  return undefined;
};
