// What another certificate was proven at just now is no more an entry point of the one that had it: status must not tell of both.
import { entryFromUrl, entryUrl } from "../domain/entry-point.ts";
import type { EntryRecord } from "../store/store.ts";
import type { DeployEnd, DeployResult } from "./deployment.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Whatever name was asked for there. */
const spot = (installation: string, url: string, address: string): string => {
  const place = entryFromUrl(url);
  return [installation, ...(place ? [place.protocol, place.mode, place.port, address] : [url])].join(" ");
};

/** By spot, whose it is: those that everybody gets one certificate at. */
const takenIn = (results: readonly DeployResult[]): ReadonlyMap<string, string> => {
  const taken = new Map<string, string>();
  for (const { certificate, servers, entries } of results) {
    const placed = new Set(servers.flatMap(({ id, places }) => (places ? [id] : [])));
    for (const { entry, installation, verdict } of entries)
      if (verdict === "proven" && placed.has(installation))
        taken.set(spot(installation, entryUrl(entry), entry.address), certificate);
  }
  return taken;
};

/** The states of the others are read once, however many certificates the run was about. The caller holds the lock. */
export const handOver = async (world: World, ends: ReadonlyMap<string, DeployEnd>): Promise<void> => {
  const taken = takenIn([...ends.values()].flatMap((end) => ("result" in end ? [end.result] : [])));
  if (taken.size === 0) return;
  for (const name of world.store.list()) {
    const state = readableState(world, name);
    if (!state) continue;
    const isGone = (id: string, { url, address }: EntryRecord): boolean =>
      (taken.get(spot(id, url, address)) ?? name) !== name;
    const all = Object.entries(state.deployments);
    if (!all.some(([id, { entries }]) => entries.some((one) => isGone(id, one)))) continue;
    const deployments = all.map(([id, one]) => [
      id,
      { ...one, entries: one.entries.filter((entry) => !isGone(id, entry)) },
    ]);
    await world.store.write({ ...state, deployments: Object.fromEntries(deployments) });
  }
};
