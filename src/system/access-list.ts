// Access lists (ACL) of files that are replaced: whether there is one, and how the next file gets it. GNU ls and cp know, wherever they are; getfacl is seldom installed.
import type { FileHandle } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import type { RunProgram } from "./run.ts";

/** By descriptor: the folder may be somebody else's, who could put a link in the place of a path. */
const first = "/dev/fd/3";
const second = "/dev/fd/4";

/** ls marks it behind the mode: `-rw-r-----+`. */
export const hasAccessList = async (run: RunProgram, file: FileHandle): Promise<boolean> => {
  try {
    const { stdout } = await run("ls", ["-ldnL", "--", first], { descriptors: [file.fd] });
    return /^.{10}\+/.test(stdout);
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
};

/** Gives `to` the access list of `from`. The group's bits of a mode are the list's mask; those of owner and others are as `mode` has them. */
export const takeAccessList = async (
  run: RunProgram,
  from: FileHandle,
  to: FileHandle,
  mode: number,
): Promise<void> => {
  const args = ["--attributes-only", "--preserve=mode", "--", first, second];
  const { status, stderr } = await run("cp", args, { descriptors: [from.fd, to.fd] });
  if (status !== 0) {
    throw new Failure(
      "cannot-create",
      `the access list of a file could not be kept: cp ended with status ${status}: ${stderr.split("\n")[0] ?? ""}`,
      {
        hints: ["take the list away (setfacl -b FILE), or let the file system keep such lists"],
      },
    );
  }
  const mask = (await to.stat()).mode & 0o070;
  await to.chmod((mode & 0o7707) | mask);
};
