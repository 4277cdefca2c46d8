// Opens a folder that others may have a hand in: step by step, so that no link of theirs leads us into a folder that is not theirs.
import type { Stats } from "node:fs";
import { constants } from "node:fs";
import { type FileHandle, open, readlink } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Linux: a place in the tree and no more, for folders that may be passed through and not be listed. Node does not name it. */
const O_PATH = 0o10000000;

/** A name in a folder by its descriptor: whoever may write above it cannot lead us elsewhere meanwhile. */
export const inside = (folder: FileHandle, name: string): string => `/proc/self/fd/${folder.fd}/${name}`;

const mostLinks = 40;

interface Link {
  readonly path: string;
  /** Users who could have made it lead where it leads. */
  readonly by: readonly number[];
}

/** Root and whoever we are; a group counts whatever it is. */
const changers = (link: Stats, folder: Stats, trusted: readonly number[]): readonly number[] => {
  const open = (folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0;
  const others = [link.uid, folder.uid].filter((uid) => !trusted.includes(uid));
  return others.length > 0 || !open ? others : [-1];
};

const refused = (path: string, link: Link, owner: number): Failure =>
  new Failure(
    "config",
    `${path} leads through the link ${link.path}, which others than root can change, into a folder of uid ${owner}: nothing is put there`,
    { hints: ["name the folder behind the link instead", "or give link and folder to the same user"] },
  );

/**
 * The folder at an absolute path, for reading. A link that somebody else than root and we could have made may lead to a folder of theirs
 * (as web servers have it: SymLinksIfOwnerMatch), and to no other: there we would do for them what they may not.
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
        continue;
      }
      await next.close();
      links += 1;
      if (links > mostLinks) throw Object.assign(new Error("too many links"), { code: "ELOOP" });
      const by = changers(facts, await at.stat(), trusted);
      if (by.length > 0) foreign.push({ path: `${shown}/${part}`, by });
      // Where only root could have put another link there since, it is still the one that was looked at.
      const target = await readlink(inside(at, part));
      if (target.startsWith("/")) {
        await at.close();
        at = await open("/", O_PATH | O_DIRECTORY);
        shown = "";
      }
      pending = [...target.split("/"), ...pending];
    }
    const { uid } = await at.stat();
    const wrong = foreign.find(({ by }) => !by.includes(uid));
    if (wrong) throw refused(path, wrong, uid);
    return await open(inside(at, "."), O_RDONLY | O_DIRECTORY);
  } finally {
    await at.close();
  }
};
