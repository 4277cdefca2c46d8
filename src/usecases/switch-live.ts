// The switch: what every entry point did before is written down, then `live` moves by one rename.
import { entryUrl } from "../domain/entry-point.ts";
import { withLiveKeys } from "../domain/state.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { refuseWorse } from "./better-trusted.ts";
import type { DeployOptions } from "./deployment.ts";
import { type ProofTarget, observeBaseline } from "./prove.ts";
import type { World } from "./world.ts";

/** Writes down what each entry point does before anything is switched; a resumed run keeps what the first one saw. */
export const withBaseline = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  targets: readonly ProofTarget[],
  options: DeployOptions,
): Promise<CertificateState> => {
  if (state.baseline && world.store.liveNumber(state.name) === target.number) return state;
  const observed = await observeBaseline(world, targets, target.names[0] ?? "localhost");
  if (!options.replace) await refuseWorse(world, state, target, observed);
  const baseline = observed.map(({ target: { entry, slot }, baseline: seen }) => ({
    url: entryUrl(entry),
    address: entry.address,
    slot,
    ...seen,
  }));
  const next: CertificateState = { ...state, stage: "staged", baseline };
  await world.store.write(next);
  return next;
};

export const switchTo = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
): Promise<CertificateState> => {
  const before = world.store.liveNumber(state.name);
  if (before !== target.number) {
    await world.store.switchLive(state.name, target.number);
    await world.store.record({
      at: world.now().toISOString(),
      run: world.run,
      command: world.command,
      certificate: state.name,
      what: `live: generation ${before ?? "none"} -> ${target.number}`,
      undo: `mailcert rollback ${state.name}`,
    });
    world.step(`${state.name}: live is generation ${target.number}`);
  }
  const next: CertificateState = { ...withLiveKeys(state, target.number), stage: "switched" };
  await world.store.write(next);
  return next;
};
