// Whoever makes a server read its settings makes it read what was taken out of them before: a removal that it refused, or that was killed, is finished then.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { hintOf } from "./entries.ts";
import { grantKeys } from "./key-readers.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { revertSettings } from "./revert-settings.ts";
import { stillNamed } from "./still-named.ts";
import type { World } from "./world.ts";

/**
 * `reloaded`: installations that read their settings just now. `but`: certificates that somebody else writes the state of. What cannot be done
 * stays open, and is told: it is not the fault of whoever had the server read its settings, and `status` goes on telling it.
 */
export const finishRemovals = async (
  world: World,
  reloaded: readonly string[],
  but: readonly string[] = [],
): Promise<readonly Finding[]> => {
  if (reloaded.length === 0) return [];
  const states = world.store.list().flatMap((name) => readableState(world, name) ?? []);
  const findings: Finding[] = [];
  const finished = new Set<string>();
  const stays = new Set<string>();
  for (const id of reloaded) {
    const names = states.flatMap(({ name, unread }) => (unread?.includes(id) && !but.includes(name) ? [name] : []));
    // The same that a removal does, which finds most of it done: what it writes down then is true of the server as well.
    if (names.length === 0) continue;
    const results = await unlessFailure(() => revertSettings(world, names, { only: [id] }));
    const all = results instanceof Failure ? [] : [...results.values()];
    const open =
      results instanceof Failure
        ? [{ check: "deploy-unread", message: results.message, ...hintOf(results) }]
        : all.flatMap((one) => one.findings);
    for (const { message, ...finding } of open)
      findings.push({ ...finding, severity: "warning", message: `the removal of ${names.join(", ")}: ${message}` });
    // A list of all certificates is told with one of them.
    const stay = open.length > 0 || all.some(({ kept }) => kept.length > 0);
    for (const name of names) (stay ? stays : finished).add(name);
  }
  const done = [...finished].filter((name) => !stays.has(name));
  for (const name of done) {
    const failed = await unlessFailure(() => withdrawKeys(world, name));
    if (failed instanceof Failure)
      findings.push({ check: "deploy-unread", severity: "warning", message: `${name}: ${failed.message}` });
  }
  return findings;
};

/** Nobody reads them any more. Where a setting still names the key, whoever wrote it, the server goes on with it. */
const withdrawKeys = async (world: World, name: string): Promise<void> => {
  const state = readableState(world, name);
  if (!state?.parked || state.unread || state.keyGroup === undefined) return;
  if ((await stillNamed(world, [name])).has(name)) return;
  const { keyGroup, ...rest } = state;
  await grantKeys(world, rest, keyGroup);
};
