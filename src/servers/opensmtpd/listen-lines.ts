// The edits of smtpd.conf that let listeners serve certificates by name: our macro at the end of each, and our file read before the first of them.
import { readTextIfPresent } from "../../system/files.ts";
import type { LineChange } from "../edits.ts";
import type { LineReplacement } from "../server.ts";
import type { Listen } from "./configuration.ts";
import { macro } from "./names.ts";

/** Where the comment of a line begins; its length where there is none. */
const codeEnd = (line: string): number => {
  const found = /^(?:[^"#]|"(?:[^"\\]|\\.)*")*/.exec(line)?.[0].length ?? line.length;
  return line.slice(0, found).trimEnd().length;
};

const withMacro = (line: string): string => {
  const end = codeEnd(line);
  return `${line.slice(0, end)} ${macro}${line.slice(end)}`;
};

/** An empty line, or one that is a comment alone, before `first` (from 1): an `include` finds room there without another line's number changing. */
const freeLine = (lines: readonly string[], first: number): number | undefined => {
  const isFree = (index: number): boolean =>
    /^\s*(#|$)/.test(lines[index] ?? "") &&
    !(lines[index] ?? "").endsWith("\\") &&
    !(lines[index - 1] ?? "").endsWith("\\");
  for (let index = first - 2; index >= 0; index -= 1) if (isFree(index)) return index + 1;
  return undefined;
};

/** In the order in which smtpd reads them; undefined: there is no room for the `include`. */
export const listenEdits = async (
  listens: readonly Listen[],
  include: string | undefined,
): Promise<readonly LineChange[] | undefined> => {
  const changes: LineChange[] = [];
  for (const path of new Set(listens.map(({ directive }) => directive.path))) {
    const lines = ((await readTextIfPresent(path)) ?? "").split("\n");
    const here = listens.map(({ directive }) => directive).filter((directive) => directive.path === path);
    const edits: LineReplacement[] = here.map(({ lastLine: line }) => {
      const before = lines[line - 1] ?? "";
      return { line, before, after: withMacro(before) };
    });
    if (include !== undefined && changes.length === 0) {
      const line = freeLine(lines, here[0]?.line ?? 1);
      if (line === undefined) return undefined;
      const before = lines[line - 1] ?? "";
      edits.unshift({ line, before, after: [include, before.trim()].filter((part) => part !== "").join(" ") });
    }
    const [first, ...also] = edits;
    if (first) changes.push({ kind: "line", path, ...first, ...(also.length === 0 ? {} : { also }) });
  }
  return changes;
};
