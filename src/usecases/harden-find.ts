// A server and its certificate as the log of changes names them: whatever the configuration says by now.
import { Failure } from "../domain/failure.ts";
import { targetOf } from "../domain/generation.ts";
import type { Slot } from "../domain/keys.ts";
import type { Deployable } from "./entries.ts";
import { type PolicyOwner, ownerOf } from "./harden-look.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** undefined: it is not installed any more. @throws Failure where that cannot be said, because a server that may be it cannot be asked just now (an upgrade). */
export const deployableById = async (world: World, id: string): Promise<Deployable | undefined> => {
  let unasked: Failure | undefined;
  for (const server of Object.values(await world.servers())) {
    const found = await unlessFailure(() => server.detect());
    if (found instanceof Failure) {
      unasked ??= found;
      continue;
    }
    const installation = found.find((one) => one.id === id);
    if (!installation) continue;
    const listeners = await unlessFailure(() => server.listeners(installation));
    return listeners instanceof Failure
      ? { server, installation, listeners: [], trouble: listeners }
      : { server, installation, listeners };
  }
  if (unasked) throw unasked;
  return undefined;
};

/** Of the configuration, else of what was issued. */
export const ownerByName = async (world: World, name: string): Promise<PolicyOwner> => {
  const config = await unlessFailure(() => world.config.read());
  const entry = config instanceof Failure ? undefined : config?.certificates.find((one) => one.name === name);
  if (entry) return ownerOf(entry);
  const state = readableState(world, name);
  const target = state && targetOf(state);
  return target
    ? { name, names: target.names, slots: Object.keys(target.leaves) as Slot[] }
    : { name, names: [name], slots: ["ecdsa"] };
};
