// Where root writes on somebody's word (--out, bundle:): only where nobody else can put a link in the way, or another folder in its place.
import { realpath } from "node:fs/promises";
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

const elsewhere =
  "name a folder that only root can change, like /srv/mailcert, or run the command as the user whose folder it is";

const explain = (folder: string, { path, who, mend }: Offence): Failure =>
  new Failure("cannot-create", `root does not write into ${folder}: ${who} can change ${path}`, {
    hints: [...(mend === undefined ? [] : [`if that is not meant to be so: ${mend}`]), elsewhere],
    facts: { folder, path },
  });

/**
 * For root: whether the folder is there. Where this look itself saw all of the way to it, nobody else can take it away or put another in its place.
 * @throws Failure `cannot-create` that names what somebody else could change.
 */
export const isSafelyThere = async (folder: string, lookAt: Look = look): Promise<boolean> => {
  // The folder itself, wherever root's own links lead: sticky or not, others must not write into it.
  const itself = await realpath(folder).catch(() => folder);
  let isThere = true;
  const watched: Look = async (path) => {
    const facts = await lookAt(path);
    isThere &&= facts !== undefined;
    return facts;
  };
  const offence = await offenceOnTheWay(folder, new Set(), lookThroughSticky(itself, watched));
  if (offence !== undefined) throw explain(folder, offence);
  return isThere;
};

/**
 * Nothing for anybody but root, who writes where the kernel lets them. What is missing is no offence.
 * @throws Failure `cannot-create` that names what somebody else could change.
 */
export const refuseUnsafeFolder = async (folder: string, uid: number, lookAt: Look = look): Promise<void> => {
  if (uid === 0) await isSafelyThere(folder, lookAt);
};

/** Makes the folder where it is missing, and looks before and after: in /tmp somebody else may have been first, and may take away what is theirs. */
export const ensureSafeFolder = async (folder: string, uid: number, lookAt: Look = look): Promise<void> => {
  if (uid !== 0) return ensureFolder(folder, 0o755);
  if (await isSafelyThere(folder, lookAt)) return;
  await ensureFolder(folder, 0o755);
  if (await isSafelyThere(folder, lookAt)) return;
  throw new Failure("cannot-create", `root does not write into ${folder}: somebody takes it away`, {
    hints: [elsewhere],
    facts: { folder, path: folder },
  });
};
