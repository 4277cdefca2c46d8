// Remove: takes out of the servers' settings what mailcert put there, and restores what stood there, where it is still ours.
import { describeRevert } from "../domain/describe-change.ts";
import { type RevertedSettings, changesInForce, revertSettings } from "./revert-settings.ts";
import type { World } from "./world.ts";

export interface Removal extends RevertedSettings {
  readonly certificate: string;
  readonly dryRun: boolean;
}

/** Certificates, keys and accounts stay; timer runs renew but no longer deploy. The caller holds the lock. */
export const remove = async (world: World, name: string, options: { readonly dryRun: boolean }): Promise<Removal> => {
  if (options.dryRun) {
    const open = changesInForce(await world.store.events(), name).toReversed();
    const reverted = open.map(({ change }) =>
      change ? `${change.installation}: ${describeRevert(change.change, false)}` : "",
    );
    return { certificate: name, dryRun: true, reverted, kept: [], reloaded: [], findings: [] };
  }
  const state = world.store.read(name);
  // Written first: a run killed half-way must not be undone by the next timer run.
  if (state) {
    const { baseline: _baseline, ...rest } = state;
    await world.store.write({ ...rest, parked: true, deployments: {} });
  }
  return { certificate: name, dryRun: false, ...(await revertSettings(world, name)) };
};
