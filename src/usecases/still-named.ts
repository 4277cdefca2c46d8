// After a removal: settings of the servers, whoever wrote them, that still name files of a certificate. A look into what they run with, not into the log.
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** By certificate. A server that cannot be asked says nothing here: what it refuses is told by whoever changed it. */
export const stillNamed = async (
  world: World,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly Finding[]>> => {
  const folder = join(world.store.dir, "certificates");
  const found = new Map<string, Finding[]>();
  for (const server of Object.values(await world.servers())) {
    const installations = server.naming ? await unlessFailure(() => server.detect()) : [];
    if (installations instanceof Failure) continue;
    for (const installation of installations) {
      const settings = await unlessFailure(async () => server.naming?.(installation, `${folder}/`) ?? []);
      if (settings instanceof Failure) continue;
      for (const { value, setting, mend } of settings) {
        const name = names.find((one) => value.includes(`${folder}/${one}/`));
        if (name === undefined) continue;
        const message = `${installation.id} still names files of ${name}: ${setting}`;
        const finding: Finding = { check: "still-named", severity: "fault", message, hint: mend };
        found.set(name, [...(found.get(name) ?? []), finding]);
      }
    }
  }
  return found;
};
