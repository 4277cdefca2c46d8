// Opens a folder that others may have a hand in: step by step, so that no link of theirs leads us into a folder that is not theirs.
import type { Stats } from "node:fs";
import { constants } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { ownDescriptors, refuseWithoutProc } from "./without-proc.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Linux: a place in the tree and no more, for folders that may be passed through and not be listed. Node does not name it. */
const O_PATH = 0o10000000;

/** A name in a folder by its descriptor: whoever may write above it cannot lead us elsewhere meanwhile. */
export const inside = (folder: FileHandle, name: string): string => `${ownDescriptors}/${folder.fd}/${name}`;

const mostLinks = 40;

/** Who could have made a link lead where it leads. */
interface Hand {
  /** Users. */
  readonly users: readonly number[];
  /** Or whoever may write to this folder of root's or ours: a group, or everybody. */
  readonly open?: Stats;
}

interface Link {
  readonly path: string;
  readonly by: Hand;
}

/** Others than root and we, in a folder: who may write there may move what is below it, too, whoever made that. */
const handIn = (folder: Stats, trusted: readonly number[]): Hand | undefined => {
  if (!trusted.includes(folder.uid)) return { users: [folder.uid] };
  return (folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0 ? { users: [], open: folder } : undefined;
};

/** `hands`: those in the folders that were passed through, the link's own one last. */
const handsOn = (link: Stats, hands: readonly Hand[], folder: Stats, trusted: readonly number[]): readonly Hand[] => {
  if (trusted.includes(link.uid)) return hands;
  const own = trusted.includes(folder.uid) ? [] : [folder.uid];
  return [...(own.length === 0 ? hands : hands.slice(0, -1)), { users: [link.uid, ...own] }];
};

const isSame = (one: Stats, other: Stats): boolean => one.dev === other.dev && one.ino === other.ino;

/** Is it `above`, or somewhere below it? */
const isBelow = async (folder: FileHandle, above: Stats): Promise<boolean> => {
  let at = await open(inside(folder, "."), O_PATH | O_DIRECTORY);
  try {
    for (;;) {
      const facts = await at.stat();
      if (isSame(facts, above)) return true;
      const parent = await open(inside(at, ".."), O_PATH | O_DIRECTORY);
      await at.close();
      at = parent;
      if (isSame(facts, await parent.stat())) return false;
    }
  } finally {
    await at.close();
  }
};

/** Nothing is done for them there that they could not do themselves, or that stays within what they were given. */
const isTheirs = async (folder: FileHandle, facts: Stats, { users, open: given }: Hand): Promise<boolean> => {
  if (given === undefined) return users.includes(facts.uid);
  const everybody = (given.mode & 0o002) !== 0;
  if ((facts.mode & 0o002) !== 0) return true;
  if (!everybody && facts.gid === given.gid && (facts.mode & 0o020) !== 0) return true;
  return isBelow(folder, given);
};

const refused = (path: string, link: Link, owner: number): Failure =>
  new Failure(
    "config",
    `${path} leads through the link ${link.path}, which others than root can change, into a folder of uid ${owner}: nothing is put there`,
    { hints: ["name the folder behind the link instead", "or give link and folder to the same user"] },
  );

/**
 * The folder at an absolute path, for reading. A link that somebody else than root and we could have made may lead to a folder of theirs
 * (as web servers have it: SymLinksIfOwnerMatch), and to no other: there we would do for them what they may not. Where a group may write (a folder
 * of releases with a link to the current one), it may lead to what the group may write to, or what lies in that folder.
 * @param trusted user ids: root's and our own.
 * @throws Failure `config` for such a link, else what opening it failed at.
 */
export const followFolder = async (
  path: string,
  trusted: readonly number[] = [0, process.getuid?.() ?? 0],
): Promise<FileHandle> => {
  let at = await open("/", O_PATH | O_DIRECTORY);
  let shown = "";
  const foreign: Link[] = [];
  const hands: Hand[] = [];
  try {
    let links = 0;
    for (let pending = path.split("/"); pending.length > 0;) {
      const [part = "", ...rest] = pending;
      pending = rest;
      if (part === "" || part === ".") continue;
      const next = await open(inside(at, part), O_PATH | O_NOFOLLOW);
      const facts = await next.stat();
      if (!facts.isSymbolicLink()) {
        await at.close();
        at = next;
        shown = `${shown}/${part}`;
        const hand = handIn(facts, trusted);
        if (hand) hands.push(hand);
        continue;
      }
      await next.close();
      links += 1;
      if (links > mostLinks) throw Object.assign(new Error("too many links"), { code: "ELOOP" });
      for (const by of handsOn(facts, hands, await at.stat(), trusted)) foreign.push({ path: `${shown}/${part}`, by });
      // Where only root could have put another link there since, it is still the one that was looked at.
      const target = await readlink(inside(at, part));
      if (target.startsWith("/")) {
        await at.close();
        at = await open("/", O_PATH | O_DIRECTORY);
        shown = "";
      }
      pending = [...target.split("/"), ...pending];
    }
    const end = await at.stat();
    for (const link of foreign) if (!(await isTheirs(at, end, link.by))) throw refused(path, link, end.uid);
    return await open(inside(at, "."), O_RDONLY | O_DIRECTORY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") await refuseWithoutProc();
    throw error;
  } finally {
    await at.close();
  }
};
