// Writes one slot's PEM files into any folder: the key 0600, existing files replaced whole.
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../system/files.ts";
import { ensureSafeFolder } from "../system/safe-folder.ts";
import { slotFiles } from "./generations.ts";
import type { StagedSlot } from "./store.ts";

/** @returns the paths written. @throws Failure `cannot-create` where root would write into a folder that somebody else can change. */
export const writePem = async (
  folder: string,
  slot: StagedSlot,
  root: string | undefined,
  uid: number,
): Promise<readonly string[]> => {
  await ensureSafeFolder(folder, uid);
  const files = [
    ...slotFiles(slot),
    ...(root === undefined ? [] : [{ name: "ca.pem", mode: 0o644, content: `${root.trim()}\n` }]),
  ];
  const paths: string[] = [];
  for (const { name, mode, content } of files) {
    await writeFileAtomic(join(folder, name), content, { mode });
    paths.push(join(folder, name));
  }
  return paths;
};

/** The first file in these folders that a key would be written over. */
export const keyAt = async (folders: readonly string[]): Promise<string | undefined> => {
  for (const path of folders.flatMap((folder) => [join(folder, "privkey.pem"), join(folder, "combined.pem")])) {
    if (await lstat(path).catch(() => undefined)) return path;
  }
  return undefined;
};
