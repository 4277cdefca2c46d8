// File patterns of configurations (include lines) as files, as glob(3) gives them.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

const escaped = (text: string): string => text.replace(/[.+*?^${}()|[\]\\]/g, "\\$&");

/** One sign, or one `[...]` with its bracket: a first `]` is a member, `!` or `^` turns it round (glob(7)). */
const signs = /\\(.)|\[([!^]?)(\][^\]]*|[^\]]+)\]|([^])/g;

/** The last part of a glob(3) pattern; undefined where it can match nothing (`[z-a]`). */
const globOf = (pattern: string): RegExp | undefined => {
  const source = pattern.replace(signs, (_all, quoted?: string, not?: string, members?: string, sign?: string) => {
    if (quoted !== undefined) return escaped(quoted);
    if (members !== undefined) return `[${not === "" ? "" : "^"}${members.replace(/[\\\]^[]/g, "\\$&")}]`;
    return sign === "*" ? "[^/]*" : sign === "?" ? "[^/]" : escaped(sign ?? "");
  });
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    return undefined;
  }
};

/** Files of one include pattern as glob(3) gives them: `*`, `?` and `[...]` in the last part, sorted by byte. */
export const expand = async (pattern: string): Promise<readonly string[]> => {
  const folder = dirname(pattern);
  const last = pattern.slice(folder.length).replace(/^\//, "");
  if (!/[*?[]/.test(last)) return [pattern];
  const match = globOf(last);
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => !name.startsWith(".") && match?.test(name))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(folder, name));
};

/** Whether a whole path is one that the pattern names; unlike `expand` also with signs in its folders. */
export const matchesGlob = (pattern: string, path: string): boolean => globOf(pattern)?.test(path) ?? false;
