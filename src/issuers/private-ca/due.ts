// What the next run has to look at, of all CAs: when, and which files have to be there. One small file, which each run reads (store/crl-due.ts).
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readTextIfPresent, writeFileAtomic } from "../../system/files.ts";

const dueFile = (cas: string): string => join(cas, "crl-due");

/** Files that servers judge client certificates by, as they were noted: paths below the state folder. @param cas folder of all CAs */
export const notedFiles = async (cas: string): Promise<readonly string[]> =>
  ((await readTextIfPresent(dueFile(cas))) ?? "").split("\n").slice(1).filter(Boolean);

/** undefined: nothing to look at. */
export const writeDue = async (cas: string, date: Date | undefined, files: readonly string[]): Promise<void> => {
  if (date === undefined) await rm(dueFile(cas), { force: true });
  else await writeFileAtomic(dueFile(cas), [date.toISOString(), ...files, ""].join("\n"), { mode: 0o644 });
};

/** The next run looks, whatever the dates say. */
export const noteLook = async (cas: string, now: Date): Promise<void> => writeDue(cas, now, await notedFiles(cas));
