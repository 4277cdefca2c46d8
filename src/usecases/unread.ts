// Servers that a certificate was taken out of and that have not read that yet: the next removal has them read it, whatever is left to change.
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Installation ids, of all of them. */
export const unreadOf = (world: World, names: readonly string[]): ReadonlySet<string> =>
  new Set(names.flatMap((name) => readableState(world, name)?.unread ?? []));

/** Forgets those that need no reading any more. */
export const forgetUnread = async (
  world: World,
  names: readonly string[],
  isRead: (installation: string) => boolean,
): Promise<void> => {
  for (const name of names) {
    const state = readableState(world, name);
    if (!state?.unread) continue;
    const { unread, ...rest } = state;
    const left = unread.filter((id) => !isRead(id));
    if (left.length < unread.length) await world.store.write(left.length > 0 ? { ...rest, unread: left } : rest);
  }
};
