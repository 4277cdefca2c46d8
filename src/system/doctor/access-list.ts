// Who is named in a file's access list (ACL) beside owner and group: asked of getfacl where it is installed, else of ls whether there is one.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import type { RunProgram } from "../run.ts";

/** Arguments of one call. */
const atOnce = 200;

/** `user:app:r--`, `group:www-data:r--` that are in effect, by path. A mask takes away what it does not have: `user:app:rw-  #effective:---`. */
export const parseAccessLists = (text: string): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  let path: string | undefined;
  for (const line of text.split("\n")) {
    const file = /^# file: (.*)$/.exec(line)?.[1];
    if (file !== undefined) path = file;
    const [, who, rights] = /^((?:user|group):[^:]+):([rwx-]{3})/.exec(line) ?? [];
    if (path === undefined || who === undefined || rights === undefined) continue;
    const effective = /#effective:([rwx-]{3})/.exec(line)?.[1] ?? rights;
    if (effective.includes("r")) found.set(path, [...(found.get(path) ?? []), clean(who, 80)]);
  }
  return found;
};

/** What `ls` knows: that there is a list, not who is named there. */
const marked = async (run: RunProgram, paths: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, readonly string[]>();
  for (const path of paths) {
    const { stdout } = await run("ls", ["-ldn", "--", path]);
    if (/^.{10}\+/.test(stdout)) found.set(path, ["somebody"]);
  }
  return found;
};

/** Where getfacl is not installed, whether there is a list. Paths with names that it would write in another way are left out. */
export const accessLists = async (
  run: RunProgram,
  paths: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, readonly string[]>();
  try {
    for (let at = 0; at < paths.length; at += atOnce) {
      const asked = ["--absolute-names", "--skip-base", "--", ...paths.slice(at, at + atOnce)];
      const { stdout } = await run("getfacl", asked);
      for (const [path, who] of parseAccessLists(stdout)) found.set(path, who);
    }
    return found;
  } catch (error) {
    if (error instanceof Failure) return marked(run, paths);
    throw error;
  }
};
