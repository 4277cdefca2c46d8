// ca backup and ca restore: all of a private CA in one file under a passphrase, and back.
import type { BackedUp, Restored } from "../../issuers/private-cas.ts";
import { recordChange } from "../record-change.ts";
import type { World } from "../world.ts";
import { theCa } from "./show.ts";

/** The caller holds the lock: what is copied does not change meanwhile. */
export const backUpCa = async (world: World, name: string, file: string, passphrase: string): Promise<BackedUp> => {
  await theCa(world, name);
  const result = await (await world.privateCas()).backup(name, file, passphrase, world.now());
  await recordChange(world, {
    what: `backed up the private CA "${name}" into ${file}, encrypted`,
    undo: `remove ${file}`,
  });
  return result;
};

export interface RestoreWish {
  readonly file: string;
  readonly passphrase: string;
  readonly replace: boolean;
  readonly dryRun: boolean;
}

/** The caller holds the lock, unless it is a dry run. */
export const restoreCa = async (
  world: World,
  { file, passphrase, replace, dryRun }: RestoreWish,
): Promise<Restored> => {
  const result = await (await world.privateCas()).restore(file, passphrase, { replace, dryRun, now: world.now() });
  if (!dryRun)
    await recordChange(world, {
      what: `restored the private CA "${result.ca}" from ${file}${result.replaced === undefined ? "" : `; the one before lies in ${result.replaced}`}`,
      undo: `move ${result.folder} away${result.replaced === undefined ? "" : `, and ${result.replaced} back`}`,
    });
  return result;
};
