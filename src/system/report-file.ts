// A report at the path that somebody named: a plain file for everybody to read, never written through a link, nor in a device's place.
import { lstat } from "node:fs/promises";
import { Failure } from "../domain/failure.ts";
import { writeFileAtomic } from "./files.ts";

/** @throws Failure `cannot-create` where something else than a plain file stands there, or it cannot be written. */
export const writeReport = async (path: string, text: string): Promise<void> => {
  const present = await lstat(path).catch(() => undefined);
  // Whatever comes in between: a rename puts the report in its place, and leaves what a link leads to alone.
  if (present !== undefined && !present.isFile()) {
    const what = present.isSymbolicLink() ? "a symbolic link" : "no plain file";
    throw new Failure("cannot-create", `${path} is ${what}: no report is written there`, {
      hints: ["name a file with --output, or leave it out: the report goes to standard output"],
      facts: { path },
    });
  }
  await writeFileAtomic(path, text, { mode: 0o644 });
};
