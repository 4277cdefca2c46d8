// Whether SELinux or AppArmor keeps servers from the certificates: labels of the files that they read, and drop-ins that are missing. Changes nothing.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { type ConfinementPaths, planConfinement, systemConfinementPaths } from "../confinement.ts";
import { readTextIfPresent } from "../files.ts";
import type { RunProgram } from "../run.ts";

export interface ConfinementFacts {
  readonly enforcing: boolean;
  /** Certificate folders whose files have a type that mail servers may not read, with that type. */
  readonly mislabelled: readonly { readonly path: string; readonly type: string }[];
  /** AppArmor's drop-ins that are missing, or say something else. */
  readonly dropIns: readonly string[];
  /** Why nobody could say what is needed. */
  readonly trouble?: Failure;
}

/** `system_u:object_r:cert_t:s0` -> `cert_t`. */
const typeOf = (context: string): string | undefined => /^[^:]+:[^:]+:([^:\s]+)/.exec(context)?.[1];

/** The leaves behind `live`: what servers open. */
const liveLeaves = async (certificates: string): Promise<readonly string[]> => {
  const names = await readdir(certificates).catch(() => []);
  const slots = await Promise.all(
    names.map(async (name) => {
      const live = join(certificates, name, "live");
      return (await readdir(live).catch(() => [])).map((slot) => join(live, slot, "cert.pem"));
    }),
  );
  return slots.flat();
};

const mislabelled = async (run: RunProgram, certificates: string): Promise<ConfinementFacts["mislabelled"]> => {
  const found: { path: string; type: string }[] = [];
  for (const path of await liveLeaves(certificates)) {
    const { stdout } = await run("stat", ["--dereference", "--format=%C", path]);
    const type = typeOf(stdout.trim());
    if (type !== undefined && type !== "cert_t") found.push({ path, type });
  }
  return found;
};

export const confinementFacts = async (
  run: RunProgram,
  stateDir: string,
  paths: ConfinementPaths = systemConfinementPaths,
): Promise<ConfinementFacts> => {
  const enforcing = (await readTextIfPresent(paths.selinuxEnforce).catch(() => undefined))?.trim() === "1";
  try {
    const { files } = await planConfinement(run, stateDir, paths);
    return {
      enforcing,
      mislabelled: enforcing ? await mislabelled(run, join(stateDir, "certificates")) : [],
      dropIns: files.map(({ path }) => path),
    };
  } catch (trouble) {
    if (!(trouble instanceof Failure)) throw trouble;
    return { enforcing, mislabelled: [], dropIns: [], trouble };
  }
};
