// Whether a file can be opened for reading as a given user with all of its groups: the kernel is asked, so that modes, groups, access lists and every folder above count.
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import type { RunProgram, RunResult } from "./run.ts";

/** As whom a server opens its files: names or numbers. */
export interface Reader {
  readonly user: string;
  readonly group: string;
}

export type Opened =
  | { readonly kind: "open" }
  /** `folder`: the first one on the way that lets the reader not through; absent: the file itself is closed. */
  | { readonly kind: "closed"; readonly folder?: string }
  | { readonly kind: "missing" }
  /** Nobody could try: one sentence. */
  | { readonly kind: "unknown"; readonly why: string };

/** `/a/b/c` -> `/`, `/a`, `/a/b`. */
export const foldersAbove = (path: string): readonly string[] =>
  path
    .split("/")
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join("/") || "/");

const asOurselves = async (path: string): Promise<Opened> => {
  try {
    await (await open(path, constants.O_RDONLY | constants.O_NONBLOCK)).close();
    return { kind: "open" };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? { kind: "missing" } : { kind: "closed" };
  }
};

/** Whoever opens a FIFO waits for somebody who writes. What root cannot look at is tried all the same. */
const isSpecial = (path: string): Promise<boolean> =>
  stat(path).then(
    (facts) => !facts.isFile(),
    () => false,
  );

/** A disk that does not answer. */
const timeoutMs = 10_000;

/** `reader` undefined: as the user of this run. Nothing is read: the file is opened and closed. */
export const openAs = async (run: RunProgram, reader: Reader | undefined, path: string): Promise<Opened> => {
  if (await isSpecial(path)) return { kind: "unknown", why: `${path} is not a file` };
  if (reader === undefined) return asOurselves(path);
  const { user, group } = reader;
  const as = (...words: readonly string[]): Promise<RunResult> =>
    run("setpriv", [`--reuid=${user}`, `--regid=${group}`, "--init-groups", ...words], { timeoutMs });
  try {
    if ((await as("dd", `if=${path}`, "of=/dev/null", "count=0", "status=none")).status === 0) return { kind: "open" };
    if ((await as("true")).status !== 0) return { kind: "unknown", why: `nobody could act as ${user}:${group}` };
    for (const folder of foldersAbove(path)) {
      if ((await as("test", "-x", folder)).status !== 0) return { kind: "closed", folder };
    }
    return (await as("test", "-e", path)).status === 0 ? { kind: "closed" } : { kind: "missing" };
  } catch (error) {
    if (error instanceof Failure) return { kind: "unknown", why: error.message };
    throw error;
  }
};
