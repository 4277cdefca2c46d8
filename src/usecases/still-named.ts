// After a removal: settings of the servers, whoever wrote them, that still name files of a certificate. A look into what they run with, not into the log.
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** None is deployed: what the log of changes has not got, nobody takes out any more. */
const isAllOut = (world: World): boolean => world.store.list().every((name) => readableState(world, name)?.parked);

const isThere = async (world: World, folder: string, value: string): Promise<boolean> => {
  const [path = ""] = value.slice(value.indexOf(`${folder}/`)).split(/[\s,"']/);
  return (await world.fileMark(path)) !== "ENOENT";
};

/** By certificate; what is about client certificates, which belong to none, with the first one of them. A server that cannot be asked says nothing here: what it refuses is told by whoever changed it. */
export const stillNamed = async (
  world: World,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly Finding[]>> => {
  const folder = join(world.store.dir, "certificates");
  const clients = join(world.store.dir, "clients");
  const [first] = names;
  const folders = first !== undefined && isAllOut(world) ? [folder, clients] : [folder];
  const found = new Map<string, Finding[]>();
  for (const server of Object.values(await world.servers())) {
    const installations = server.naming ? await unlessFailure(() => server.detect()) : [];
    if (installations instanceof Failure) continue;
    for (const installation of installations) {
      const settings = await unlessFailure(async () => {
        const all = folders.map(async (one) => (await server.naming?.(installation, `${one}/`)) ?? []);
        return (await Promise.all(all)).flat();
      });
      if (settings instanceof Failure) continue;
      for (const { value, setting, mend } of settings) {
        const its = names.find((one) => value.includes(`${folder}/${one}/`));
        const name = its ?? (value.includes(`${clients}/`) ? first : undefined);
        if (name === undefined) continue;
        // A map that is there goes on to be kept, and somebody may have set it by hand.
        const severity = its === undefined && (await isThere(world, clients, value)) ? "warning" : "fault";
        const message = `${installation.id} still names files of ${its ?? "client certificates"}: ${setting}`;
        const finding: Finding = { check: "still-named", severity, message, hint: mend };
        found.set(name, [...(found.get(name) ?? []), finding]);
      }
    }
  }
  return found;
};
