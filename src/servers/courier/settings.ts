// Courier's files of settings: shell assignments that its start scripts read; the last one of a name holds.
import { readTextIfPresent } from "../../system/files.ts";

export interface Assignment {
  readonly name: string;
  readonly value: string;
  /** Counts from 1. */
  readonly line: number;
  /** The line as it stands there. */
  readonly text: string;
}

const one = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:"([^"]*)"|'([^']*)'|([^\s#;"']*))/;

/** Assignments at the beginning of a line, also several on one; what a script would work out (`if`, commands) is passed over. */
export const parseSettings = (text: string): readonly Assignment[] =>
  text.split("\n").flatMap((line, index) => {
    const found: Assignment[] = [];
    let rest = line;
    for (let match = one.exec(rest); match; match = one.exec(rest)) {
      const [all, name = "", double, single, plain] = match;
      found.push({ name, value: double ?? single ?? plain ?? "", line: index + 1, text: line });
      rest = rest.slice(all.length).replace(/^\s*;/, "");
    }
    return found;
  });

export type Values = ReadonlyMap<string, string>;

/** `${name}` and `$name` as the shell would have them; single quotes are rare enough there to be taken for double ones. */
const expanded = (value: string, values: Values): string =>
  value.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_all, braced?: string, plain?: string) => values.get(braced ?? plain ?? "") ?? "",
  );

/** What the files set, read one after the other. A file that is missing sets nothing. */
export const valuesOf = async (folder: string, files: readonly string[]): Promise<Values> => {
  const values = new Map<string, string>([["sysconfdir", folder]]);
  for (const file of files) {
    for (const { name, value } of parseSettings((await readTextIfPresent(`${folder}/${file}`)) ?? "")) {
      values.set(name, expanded(value, values));
    }
  }
  return values;
};
