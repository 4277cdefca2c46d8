// The switch: what every entry point did before is written down, then `live` moves by one rename.
import { entryUrl } from "../domain/entry-point.ts";
import { generationOf } from "../domain/generation.ts";
import { condemned } from "../domain/revocation.ts";
import { withLiveKeys } from "../domain/state.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { refuseWorse } from "./better-trusted.ts";
import type { DeployOptions } from "./deployment.ts";
import { type ProofTarget, entryKey, observeBaseline } from "./prove.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** Writes down what each entry point does before anything is switched; a resumed run keeps what the first one saw. */
export const withBaseline = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  targets: readonly ProofTarget[],
  options: DeployOptions,
): Promise<CertificateState> => {
  const known = world.store.liveNumber(state.name) === target.number ? state.baseline : undefined;
  const seen = new Set(known?.map(({ url, address, slot }) => `${url} ${address} ${slot}`));
  // A server whose configuration could not be read then has not been reloaded since: what it does now is what it did before.
  const unseen = targets.filter(({ entry, slot }) => !seen.has(`${entryKey(entry)} ${slot}`));
  if (known && unseen.length === 0) return state;
  const observed = await observeBaseline(world, unseen, target.names[0] ?? "localhost");
  if (!options.replace) await refuseWorse(world, state, target, observed);
  const baseline = observed.map(({ target: { entry, slot }, baseline: seen }) => ({
    url: entryUrl(entry),
    address: entry.address,
    slot,
    ...seen,
  }));
  const next: CertificateState = { ...state, stage: "staged", baseline: [...(known ?? []), ...baseline] };
  await world.store.write(next);
  return next;
};

/** Back from a first generation there is none, a rolled back one is never served again, and to one that is about to be revoked no way leads. */
const undoOfSwitch = (
  state: CertificateState,
  before: number | undefined,
  after: number,
  now: Date,
): { undo?: string } => {
  const { name } = state;
  if (before === undefined) return { undo: `mailcert deploy --remove ${name}` };
  const present = generationOf(state, before);
  if (present && condemned(state, present, now) !== undefined) return {};
  return { undo: before < after ? `mailcert rollback ${name}` : `mailcert renew --force ${name}` };
};

export const switchTo = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
): Promise<CertificateState> => {
  const before = world.store.liveNumber(state.name);
  // Before the switch: at no instant do servers find a key there that they cannot read.
  if (state.keyGroup !== undefined) await world.store.letRead(state.name, state.keyGroup);
  if (before !== target.number) {
    await world.store.switchLive(state.name, target.number);
    await recordChange(world, {
      certificate: state.name,
      what:
        before === undefined ? `live: generation ${target.number}` : `live: generation ${before} -> ${target.number}`,
      ...undoOfSwitch(state, before, target.number, world.now()),
    });
    world.step(`${state.name}: live is generation ${target.number}`);
  }
  const next: CertificateState = { ...withLiveKeys(state, target.number), stage: "switched" };
  await world.store.write(next);
  return next;
};
