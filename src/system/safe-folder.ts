// Where root writes on somebody's word (--out, bundle:): only where nobody else can put a link in the way, or another folder in its place.
import { lstat, realpath } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { ensureFolder } from "./files.ts";
import { type Look, type Offence, look, offenceOnTheWay } from "./root-only.ts";

/**
 * Two differences to a program that root runs. In a sticky folder of root's nobody replaces what is root's: /tmp/mine may be written to, if it
 * is root's own. And a link counts as its owner's: in /tmp it may be anybody's.
 */
const lookThroughSticky =
  (folder: string, lookAt: Look): Look =>
  async (path) => {
    const facts = await lookAt(path);
    if (facts === undefined) return undefined;
    const { uid, gid, mode } = facts;
    if (facts.link !== undefined && uid !== 0) return { uid, gid, mode };
    return path !== folder && (mode & 0o1000) !== 0 ? { ...facts, mode: mode & ~0o1022 } : facts;
  };

/** The first thing on the way to `path` that somebody other than root could change, files of root's in a sticky folder taken for safe. */
export const offenceThroughSticky = (path: string, seen: Set<string> = new Set()): Promise<Offence | undefined> =>
  offenceOnTheWay(path, seen, lookThroughSticky(path, look));

const explain = (folder: string, { path, who, mend }: Offence): Failure =>
  new Failure("cannot-create", `root does not write into ${folder}: ${who} can change ${path}`, {
    hints: [
      ...(mend === undefined ? [] : [`if that is not meant to be so: ${mend}`]),
      "name a folder that only root can change, like /srv/mailcert, or run the command as the user whose folder it is",
    ],
    facts: { folder, path },
  });

/**
 * Nothing for anybody but root, who writes where the kernel lets them.
 * @throws Failure `cannot-create` that names what somebody else could change.
 */
export const refuseUnsafeFolder = async (folder: string, uid: number, lookAt: Look = look): Promise<void> => {
  if (uid !== 0) return;
  // The folder itself, wherever root's own links lead: sticky or not, others must not write into it.
  const itself = await realpath(folder).catch(() => folder);
  const offence = await offenceOnTheWay(folder, new Set(), lookThroughSticky(itself, lookAt));
  if (offence !== undefined) throw explain(folder, offence);
};

/** Makes the folder where it is missing, and looks before and after: in /tmp somebody else may have been first. */
export const ensureSafeFolder = async (folder: string, uid: number): Promise<void> => {
  // What was there before a look that found nothing amiss is there still: nobody else can take it away.
  const isThere = (await lstat(folder).catch(() => undefined)) !== undefined;
  await refuseUnsafeFolder(folder, uid);
  if (isThere) return;
  await ensureFolder(folder, 0o755);
  await refuseUnsafeFolder(folder, uid);
};
