// Programs that run files named by an option (`sed -f FILE`), or found in a folder (make): their other words are texts and data.
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";

interface Reader {
  readonly name: RegExp;
  /** Letters whose value is such a file, and the long options. */
  readonly files: string;
  readonly long: readonly string[];
  /** Further letters with a value, in the same word or the next; `attached`: in the same word only. */
  readonly valued: string;
  readonly attached: string;
}

const readers: readonly Reader[] = [
  { name: /^[gmn]?awk$/, files: "fiE", long: ["file", "include", "exec"], valued: "FvelW", attached: "" },
  { name: /^sed$/, files: "f", long: ["file"], valued: "el", attached: "i" },
  { name: /^g?make$/, files: "f", long: ["file", "makefile"], valued: "CIoW", attached: "jlO" },
];

/** What make reads where it is told no file, the first that is there (GNU make, 3.2). */
const makefiles = ["GNUmakefile", "makefile", "Makefile"];

export const isReader = (program: string): boolean => readers.some(({ name }) => name.test(basename(program)));

/** undefined: there is no such file. */
export const modeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => (found.isFile() ? found.mode : undefined),
    () => undefined,
  );

/** Values of the options of a reader, in order: `-nf x`, `-fx`, `-f x`, `--file=x`, `--file x`. */
const filesIn = (
  words: readonly string[],
  { files, long, valued, attached }: Reader,
): readonly { readonly letter: string; readonly value: string }[] =>
  words.flatMap((word, index) => {
    const next = words[index + 1] ?? "";
    const [, name = "", given] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === "directory") return [{ letter: "C", value: given ?? next }];
    if (name !== "") return long.includes(name) ? [{ letter: "f", value: given ?? next }] : [];
    const letters = /^-([^-].*)$/s.exec(word)?.[1] ?? "";
    const at = letters.split("").findIndex((letter) => `${files}${valued}${attached}`.includes(letter));
    const letter = letters.charAt(at);
    if (at < 0 || attached.includes(letter)) return [];
    return [{ letter, value: letters.slice(at + 1) || next }];
  });

/** Absolute paths; relative ones count from `from`. */
export const behindOptions = async (
  [program = "", ...words]: readonly string[],
  from: string,
): Promise<readonly string[]> => {
  const reader = readers.find(({ name }) => name.test(basename(program)));
  if (!reader) return [];
  const end = words.indexOf("--");
  const options = filesIn(end < 0 ? words : words.slice(0, end), reader);
  const isMake = reader.name.test("make");
  const told = options.flatMap(({ letter, value }) => (reader.files.includes(letter) ? [value] : []));
  // make changes there before it reads anything.
  const base = isMake
    ? options.reduce((at, { letter, value }) => (letter === "C" ? resolve(at, value) : at), from)
    : from;
  const found: string[] = [];
  for (const name of isMake && told.length === 0 ? makefiles : told) {
    const path = resolve(base, name);
    if ((await modeOf(path)) === undefined) continue;
    found.push(path);
    if (told.length === 0) break;
  }
  return found;
};
