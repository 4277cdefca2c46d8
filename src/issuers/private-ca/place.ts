// Where a person says that a file goes: refused before anything is made, with what is in the way.
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { shellWord } from "../../domain/shell-word.ts";

/** @throws Failure `cannot-create` where the folder is missing, or the place is a folder itself. `example`: a file's name. */
export const refuseNoPlace = async (path: string, example: string): Promise<void> => {
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new Failure("cannot-create", `${path} is a folder: nothing was changed`, {
      hints: [`name a file in it: --out ${shellWord(`${path}/${example}`)}`],
    });
  const folder = dirname(path);
  const there = await stat(folder).catch(() => undefined);
  if (there?.isDirectory()) return;
  throw new Failure(
    "cannot-create",
    there ? `${folder} is no folder: nothing was changed` : `there is no folder ${folder}: nothing was changed`,
    { hints: there ? ["name another place: --out FILE"] : [`make it first: mkdir -p ${shellWord(folder)}`] },
  );
};
