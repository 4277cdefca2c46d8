// Files that mailcert puts among those of others (units, cron lines), known again by their first line.
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../domain/failure.ts";
import { fileFailure, syncFolder, writeFileAtomic } from "./files.ts";
import type { ScheduleFile } from "./scheduler.ts";

/** The first line of every template of such a file begins with it. */
const ownMark = "# Written by mailcert";

const mostBytes = 64 << 10;

/** undefined where there is none; `foreign` for what is no plain file of ours: a link (a masked unit), a folder, other text. */
export const readOwn = async (path: string): Promise<{ text: string } | "foreign" | undefined> => {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      if (!facts.isFile() || facts.size > mostBytes) return "foreign";
      const text = await handle.readFile("utf8");
      return text.startsWith(ownMark) ? { text } : "foreign";
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP" || code === "ENXIO") return "foreign";
    throw fileFailure(error, "read", path);
  }
};

export const ownFileState = async (path: string, wanted: string): Promise<ScheduleFile> => {
  const present = await readOwn(path);
  if (present === undefined) return { path, state: "missing" };
  if (present === "foreign") return { path, state: "foreign" };
  return { path, state: present.text === wanted ? "current" : "different" };
};

/** Writes what differs; returns the paths written. @throws Failure `cannot-create` before the first write when one is not ours. */
export const writeOwnFiles = async (files: ReadonlyMap<string, string>): Promise<readonly string[]> => {
  const states: ScheduleFile[] = [];
  for (const [path, content] of files) states.push(await ownFileState(path, content));
  const foreign = states.find(({ state }) => state === "foreign");
  if (foreign !== undefined) {
    throw new Failure("cannot-create", `${foreign.path} exists and mailcert did not write it`, {
      hints: [`move it away, then run the command again: mv ${foreign.path} /root/`],
    });
  }
  const written: string[] = [];
  for (const { path, state } of states) {
    if (state === "current") continue;
    await writeFileAtomic(path, files.get(path) ?? "", { mode: 0o644 });
    written.push(path);
  }
  return written;
};

/** Removes those that are ours; returns their paths. */
export const removeOwnFiles = async (paths: readonly string[]): Promise<readonly string[]> => {
  const removed: string[] = [];
  for (const path of paths) {
    const present = await readOwn(path);
    if (present === undefined || present === "foreign") continue;
    try {
      await rm(path);
      await syncFolder(dirname(path));
    } catch (error) {
      throw fileFailure(error, "remove", path);
    }
    removed.push(path);
  }
  return removed;
};

const safe = /^[\p{L}\p{N}._\-/:@+~=, [\]]+$/u;

/** Paths that units and cron lines carry unchanged. @throws Failure `data` naming one that has characters with a meaning there. */
export const refuseOddPaths = (paths: readonly string[]): void => {
  const odd = paths.find((path) => !safe.test(path) || /^ | $/.test(path));
  if (odd === undefined) return;
  throw new Failure("data", `${JSON.stringify(odd.slice(0, 200))} cannot be written into a schedule`, {
    hints: ["use folders of letters, digits and . _ - / @ + ~ only"],
  });
};
