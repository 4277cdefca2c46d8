// ca backup and ca restore: all of a private CA in one file under a passphrase, and back.
import { Failure } from "../../domain/failure.ts";
import type { Finding } from "../../domain/finding.ts";
import type { BackedUp, Restored } from "../../issuers/private-cas.ts";
import { tellServers } from "../client-trust.ts";
import { recordChange } from "../record-change.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import { unpublished } from "./crl.ts";
import { otherRootFindings } from "./other-root.ts";
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

export interface RestoreResult extends Omit<Restored, "unpublished" | "otherRoot"> {
  readonly findings: readonly Finding[];
}

/** What is served may be the other CA's, or this one's already: who was to import what follows from that. */
const rootFindings = async (world: World, { ca, otherRoot, replaced = "" }: Restored): Promise<readonly Finding[]> => {
  const shown = await unlessFailure(() => theCa(world, ca));
  const strange = shown instanceof Failure ? [] : await otherRootFindings(world, shown, "warning");
  if (otherRoot === undefined) return strange;
  return [
    {
      check: "ca-other-root",
      severity: "warning",
      message: `the root of the private CA "${ca}" is ${otherRoot.now} from now on, and was ${otherRoot.before}: who imported only that one refuses what is issued next`,
      hint: `if that was not meant, put ${replaced} back${strange.length > 0 ? "" : "; else hand the files out again to whoever has the other root: mailcert bundle"}`,
    },
    ...strange,
  ];
};

/** The caller holds the lock, unless it is a dry run. */
export const restoreCa = async (
  world: World,
  { file, passphrase, replace, dryRun }: RestoreWish,
): Promise<RestoreResult> => {
  const result = await (await world.privateCas()).restore(file, passphrase, { replace, dryRun, now: world.now() });
  if (!dryRun)
    await recordChange(world, {
      what: `restored the private CA "${result.ca}" from ${file}${result.replaced === undefined ? "" : `; the one before lies in ${result.replaced}`}`,
      undo: `move ${result.folder} away${result.replaced === undefined ? "" : `, and ${result.replaced} back`}`,
    });
  const { unpublished: failures, otherRoot: _, ...restored } = result;
  // It may have revoked other certificates than the one before, and other roots.
  const told = dryRun ? [] : await tellServers(world, result.ca);
  return {
    ...restored,
    findings: [...(dryRun ? [] : await rootFindings(world, result)), ...failures.map(unpublished), ...told],
  };
};
