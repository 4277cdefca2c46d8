// Gives finished files the names that they are for, one rename right after the other; where one cannot be given, those before it get theirs back.
import { link, rename, unlink } from "node:fs/promises";
import { basename } from "node:path";
import { fileFailure, temporaryBeside } from "../../system/files.ts";
import type { HeldFolder } from "../../system/held-folder.ts";

export interface Ready {
  readonly temporary: string;
  readonly folder: HeldFolder;
  /** Its place, in the folder that is held. */
  readonly place: string;
  /** The same for people. */
  readonly path: string;
}

interface Taken {
  readonly place: string;
  /** A second name of what stood there; `nothing`: nothing did; `unknown`: its file system knows no second names. */
  readonly before: { readonly name: string } | "nothing" | "unknown";
}

const secondName = async ({ folder, place, path }: Ready): Promise<Taken["before"]> => {
  const name = folder.at(basename(temporaryBeside(path)));
  return link(place, name).then(
    () => ({ name }),
    (error: unknown) => ((error as NodeJS.ErrnoException).code === "ENOENT" ? "nothing" : "unknown"),
  );
};

const giveBack = async ({ place, before }: Taken): Promise<void> => {
  if (before === "nothing") await unlink(place).catch(() => undefined);
  else if (before !== "unknown") await rename(before.name, place).catch(() => undefined);
};

/**
 * The place of a file that is mounted into a container cannot be taken: a new key would then stand beside an old certificate.
 * @throws Failure naming the place that could not be taken.
 */
export const takePlaces = async (ready: readonly Ready[]): Promise<void> => {
  const taken: Taken[] = [];
  const spare: string[] = [];
  try {
    for (const one of ready) {
      const before = await secondName(one);
      if (typeof before === "object") spare.push(before.name);
      await rename(one.temporary, one.place).catch((error: unknown) => {
        throw fileFailure(error, "replace", one.path);
      });
      taken.push({ place: one.place, before });
    }
  } catch (error) {
    for (const one of taken.toReversed()) await giveBack(one);
    throw error;
  } finally {
    for (const name of spare) await unlink(name).catch(() => undefined);
  }
};
