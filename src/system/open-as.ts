// Whether files can be opened for reading as a given user with all of its groups: the kernel is asked, so that modes, groups, access lists and every folder above count.
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import type { RunProgram, RunResult } from "./run.ts";

/** As whom a server opens its files: names or numbers. */
export interface Reader {
  readonly user: string;
  readonly group: string;
  /** Further ones, of a process, as numbers; absent: those that the user has. */
  readonly groups?: readonly number[];
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

/** Of one call: where all can be opened, which is the rule, hundreds of certificates cost a few. */
const atOnce = 200;

type AsReader = (...words: readonly string[]) => Promise<RunResult>;

/** Of a file that cannot be opened. */
const whyNot = async (as: AsReader, { user, group }: Reader, path: string): Promise<Opened> => {
  if ((await as("true")).status !== 0) return { kind: "unknown", why: `nobody could act as ${user}:${group}` };
  for (const folder of foldersAbove(path)) {
    if ((await as("test", "-x", folder)).status !== 0) return { kind: "closed", folder };
  }
  return (await as("test", "-e", path)).status === 0 ? { kind: "closed" } : { kind: "missing" };
};

/** The few that cannot be opened are looked for by halves. */
const tryAll = async (as: AsReader, reader: Reader, paths: readonly string[]): Promise<readonly Opened[]> => {
  if ((await as("head", "-q", "-c", "0", "--", ...paths)).status === 0) return paths.map(() => ({ kind: "open" }));
  const [path = ""] = paths;
  if (paths.length === 1) return [await whyNot(as, reader, path)];
  const half = paths.length >> 1;
  return [...(await tryAll(as, reader, paths.slice(0, half))), ...(await tryAll(as, reader, paths.slice(half)))];
};

const asAnother = async (run: RunProgram, reader: Reader, paths: readonly string[]): Promise<readonly Opened[]> => {
  const { user, group, groups } = reader;
  const further =
    groups === undefined ? "--init-groups" : groups.length === 0 ? "--clear-groups" : `--groups=${groups.join()}`;
  const as: AsReader = (...words) =>
    run("setpriv", [`--reuid=${user}`, `--regid=${group}`, further, ...words], { timeoutMs });
  const found: Opened[] = [];
  for (let at = 0; at < paths.length; at += atOnce) {
    const some = paths.slice(at, at + atOnce);
    const opened = await tryAll(as, reader, some).catch((error: unknown): readonly Opened[] => {
      if (!(error instanceof Failure)) throw error;
      return some.map(() => ({ kind: "unknown", why: error.message }));
    });
    found.push(...opened);
  }
  return found;
};

/** In the order of `paths`. `reader` undefined: as the user of this run. Nothing is read: each file is opened and closed. */
export const openAs = async (
  run: RunProgram,
  reader: Reader | undefined,
  paths: readonly string[],
): Promise<readonly Opened[]> => {
  const found = new Map<string, Opened>();
  const left: string[] = [];
  for (const path of new Set(paths)) {
    if (await isSpecial(path)) found.set(path, { kind: "unknown", why: `${path} is not a file` });
    else if (reader === undefined) found.set(path, await asOurselves(path));
    else left.push(path);
  }
  const opened = reader ? await asAnother(run, reader, left) : [];
  for (const [index, one] of opened.entries()) found.set(left[index] ?? "", one);
  return paths.flatMap((path) => found.get(path) ?? []);
};
