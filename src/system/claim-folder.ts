// One run at a time fills a folder that is handed out: flock(1) on a file in it that nobody else can open, gone when the run has ended.
import { closeSync, constants, existsSync, fstatSync, openSync } from "node:fs";
import { lstat, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { ensureFolder } from "./files.ts";
import { flock } from "./flock.ts";
import type { RunProgram } from "./run.ts";
import { isSafelyThere, refuseUnsafeFolder } from "./safe-folder.ts";

const lockName = ".mailcert-bundle.lock";

/** To fill a folder takes less than a second. */
const waitSeconds = 15;
const mostTries = 20;

const nothing = async (): Promise<void> => undefined;

/** The folder and those above it that are not there, the lowest first. */
const missing = (folder: string): readonly string[] =>
  existsSync(folder) || dirname(folder) === folder ? [] : [folder, ...missing(dirname(folder))];

const opened = (path: string): number | undefined => {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch {
    return undefined;
  }
};

/** `none`: no lock is to be had, for want of flock(1) or on this file system. */
const locked = async (run: RunProgram, descriptor: number, path: string): Promise<"ours" | "theirs" | "none"> => {
  try {
    return (await flock(run, descriptor, path, waitSeconds)) ? "ours" : "theirs";
  } catch (error) {
    if (error instanceof Failure) return "none";
    throw error;
  }
};

/** Whoever had it before takes the file away at the end: a lock on one that is no longer there keeps nobody out. */
const isStill = async (descriptor: number, path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined))?.ino === fstatSync(descriptor).ino;

/**
 * Waits until no other run fills the folder, which it makes where it is missing, and keeps others out until what is returned is called. Where nothing
 * can be locked or made it keeps nobody out: whoever then writes is told why that fails.
 * @throws Failure `try-later` where another run does not end, `cannot-create` for a folder in which root does not write.
 */
export const claimFolder = async (run: RunProgram, folder: string, uid: number): Promise<() => Promise<void>> => {
  const made = missing(folder);
  const path = join(folder, lockName);
  for (let tries = 0; tries < mostTries; tries += 1) {
    await refuseUnsafeFolder(folder, uid);
    try {
      await ensureFolder(folder, 0o755);
    } catch {
      return nothing;
    }
    if (uid === 0 && !(await isSafelyThere(folder))) continue;
    const descriptor = opened(path);
    if (descriptor === undefined) return nothing;
    const whose = await locked(run, descriptor, path);
    if (whose === "ours" && !(await isStill(descriptor, path))) {
      closeSync(descriptor);
      continue;
    }
    const release = async (): Promise<void> => {
      await rm(path, { force: true }).catch(() => undefined);
      closeSync(descriptor);
      // Only where nothing was put into it.
      for (const one of made) await rmdir(one).catch(() => undefined);
    };
    if (whose !== "theirs") return release;
    closeSync(descriptor);
    break;
  }
  throw new Failure("try-later", `another mailcert writes into ${folder}`, {
    hints: ["wait until it has ended and run this again"],
    facts: { folder },
  });
};
