// Whoever makes a server read its settings makes it read what was taken out of them before: a removal that it refused, or that was killed, is finished then.
import { grantKeys } from "./key-readers.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { revertSettings } from "./revert-settings.ts";
import type { World } from "./world.ts";

/**
 * `reloaded`: installations that read their settings just now. `but`: certificates that somebody else writes the state of. What cannot be done
 * stays open: `status` goes on telling it.
 */
export const finishRemovals = async (
  world: World,
  reloaded: readonly string[],
  but: readonly string[] = [],
): Promise<void> => {
  if (reloaded.length === 0) return;
  const states = world.store.list().flatMap((name) => readableState(world, name) ?? []);
  for (const id of reloaded) {
    const names = states.flatMap(({ name, unread }) => (unread?.includes(id) && !but.includes(name) ? [name] : []));
    // The same that a removal does, which finds most of it done: what it writes down then is true of the server as well.
    if (names.length === 0) continue;
    await unlessFailure(() => revertSettings(world, names, { only: [id] }));
    for (const name of names) await unlessFailure(() => withdrawKeys(world, name));
  }
};

/** Nobody reads them any more. */
const withdrawKeys = async (world: World, name: string): Promise<void> => {
  const state = readableState(world, name);
  if (!state?.parked || state.unread || state.keyGroup === undefined) return;
  const { keyGroup, ...rest } = state;
  await grantKeys(world, rest, keyGroup);
};
