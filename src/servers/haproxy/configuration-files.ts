// The files that HAProxy's command line names, and what stands in them.
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { readTextIfPresent } from "../../system/files.ts";
import { expand } from "../glob.ts";
import { type Section, parseHaproxy } from "./parse.ts";

/** Where root keeps HAProxy's configurations, and nothing else. */
export const home = "/etc/haproxy";
const standard = `${home}/haproxy.cfg`;

/** Arguments that name its configuration: `-f FILE` each, and `-C FOLDER`. */
interface Naming {
  readonly names: readonly string[];
}

/** What names files on its command line: `-f FILE` (or a folder), `-C FOLDER`, and every word behind `--`. */
export const naming = (words: readonly string[]): readonly string[] => {
  const found: string[] = [];
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const next = words[index + 1];
    if (word === "--") return [...found, ...words.slice(index + 1).flatMap((file) => ["-f", file])];
    if ((word === "-f" || word === "-C") && next !== undefined) {
      found.push(word, next);
      index += 1;
    }
  }
  return found;
};

/** Debian's unit and its script read it. */
export const defaultsFile = "/etc/default/haproxy";

/** CONFIG= in it. */
export const ofDebian = async (): Promise<readonly string[]> => {
  const defaults = (await readTextIfPresent(defaultsFile).catch(() => undefined)) ?? "";
  return ["-f", /^\s*CONFIG=(["']?)(\/[^"'\s]+)\1\s*$/m.exec(defaults)?.[2] ?? standard];
};

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** Of `-C`; without it, where we start it. */
const folderIn = ({ names }: Naming): string => resolve("/", names[names.lastIndexOf("-C") + 1 || names.length] ?? "/");

/** Its files in the order in which it reads them; of a folder, those called *.cfg. */
export const filesOf = async (haproxy: Naming): Promise<readonly string[]> => {
  const { names } = haproxy;
  const found: string[] = [];
  const folder = folderIn(haproxy);
  for (let index = 0; index < names.length; index += 2) {
    if (names[index] !== "-f") continue;
    const path = resolve(folder, names[index + 1] ?? "");
    if (await isFolder(path)) found.push(...(await expand(`${path}/*.cfg`)));
    else found.push(path);
  }
  return found;
};

/** Folder of its first file: ours go there. */
export const folderOf = async (haproxy: Naming): Promise<string> => dirname((await filesOf(haproxy))[0] ?? standard);

/** A file that cannot be read is passed over: its own test names it. */
export const readHaproxy = async (haproxy: Naming): Promise<readonly Section[]> => {
  const files = await Promise.all(
    (await filesOf(haproxy)).map(async (path) => ({
      path,
      text: (await readTextIfPresent(path).catch(() => undefined)) ?? "",
    })),
  );
  return parseHaproxy(files);
};

/** All that they name: the files, folders of files, and the folder in which paths of the files begin. */
export const namedIn = async (names: readonly string[]): Promise<readonly string[]> => {
  const folder = folderIn({ names });
  const given = names.flatMap((word, index) => (names[index - 1] === "-f" ? [resolve(folder, word)] : []));
  return [...new Set([folder, ...given, ...(await filesOf({ names }))])];
};
