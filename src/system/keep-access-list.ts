// The access list (ACL) of a file that is about to be replaced goes to the file that takes its place. Apart from files.ts: most files never need it.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { hasAccessList, takeAccessList } from "./access-list.ts";
import { createRunProgram } from "./run.ts";

const opened = (path: string): Promise<FileHandle | undefined> =>
  open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);

/** Whether a file has one. What cannot be opened, or looked at without GNU ls, has none. */
export const isListed = async (path: string): Promise<boolean> => {
  const file = await opened(path);
  try {
    return file !== undefined && (await hasAccessList(createRunProgram(process.env), file));
  } finally {
    await file?.close();
  }
};

/** Gives `to` the list of the file at `path`; owner and others get what `mode` says. False: it has none. @throws Failure `cannot-create` where it cannot be kept. */
export const keepAccessList = async (path: string, to: FileHandle, mode: number): Promise<boolean> => {
  const file = await opened(path);
  try {
    const run = createRunProgram(process.env);
    if (!file || !(await hasAccessList(run, file))) return false;
    await takeAccessList(run, file, to, mode);
    return true;
  } finally {
    await file?.close();
  }
};
