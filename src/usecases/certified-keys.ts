// Which keys a certificate is asked for: those that are live, those left by an unfinished run, or new ones.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { generationOf, targetOf } from "../domain/generation.ts";
import { type KeyAlgorithm, type Slot, algorithmOf, slotOf } from "../domain/keys.ts";
import { isRetired } from "../domain/revocation.ts";
import { emptyState } from "../domain/state.ts";
import type { CertificateState, KeyRecord } from "../store/store.ts";
import { type AdoptedKey, keepAdopted } from "./adopted-key.ts";
import type { World } from "./world.ts";

interface KnownKey {
  readonly id: string;
  readonly privateKey: string;
}

export interface ChosenKey extends KnownKey {
  readonly algorithm: KeyAlgorithm;
  readonly slot: Slot;
  readonly state: CertificateState;
}

/** Which keys are wanted, where not those that are there. */
export interface KeyWish {
  /** New ones; so is every renewal's where the configuration keeps none. */
  readonly newKey?: boolean;
  readonly adopted?: AdoptedKey;
}

const isFresh = ({ reuseKey }: CertificateConfig, { newKey }: KeyWish): boolean => newKey === true || !reuseKey;

/** Those that are there, or new ones, written down before they are used: a run that is repeated comes to the same. The last one has the state as it was written. */
export const keysFor = async (
  world: World,
  before: CertificateState,
  certificate: CertificateConfig,
  wish: KeyWish,
): Promise<readonly ChosenKey[]> => {
  const chosen: ChosenKey[] = [];
  for (const algorithm of certificate.keys) {
    const state = chosen.at(-1)?.state ?? before;
    const { adopted } = wish;
    if (adopted?.algorithm === algorithm) {
      const kept = await keepAdopted(world, state, adopted);
      chosen.push({ ...kept, privateKey: adopted.privateKey, algorithm, slot: slotOf(algorithm) });
    } else chosen.push(await keyFor(world, state, algorithm, isFresh(certificate, wish)));
  }
  return chosen;
};

/** The keys that `issue` would certify, without making any: undefined for one that is yet to be made. */
export const keysInHand = async (
  world: World,
  certificate: CertificateConfig,
  wish: KeyWish,
): Promise<readonly { readonly slot: Slot; readonly privateKey: string | undefined }[]> => {
  const state = world.store.read(certificate.name) ?? emptyState(certificate.name);
  return Promise.all(
    certificate.keys.map(async (algorithm) => ({
      slot: slotOf(algorithm),
      privateKey:
        wish.adopted?.algorithm === algorithm
          ? wish.adopted.privateKey
          : (await knownKey(world, state, algorithm, isFresh(certificate, wish)))?.privateKey,
    })),
  );
};

/** The key that is live (DANE pins it), that of a generation which is not live yet, or one that no generation has. */
const knownKey = async (
  world: World,
  state: CertificateState,
  algorithm: KeyAlgorithm,
  fresh: boolean,
): Promise<KnownKey | undefined> => {
  const { name } = state;
  const slot = slotOf(algorithm);
  const record: KeyRecord = state.keys[slot] ?? { old: [] };
  const generations = [generationOf(state, world.store.liveNumber(name)), targetOf(state)];
  const present = generations
    .map((generation) => generation?.leaves[slot])
    .find((leaf) => leaf?.algorithm === algorithm && !isRetired(state, slot, leaf.key));
  if (!fresh && present) {
    return { id: present.key, privateKey: await world.store.readKey(name, slot, present.key) };
  }
  // Left by a run that did not get as far as a certificate: never served, so it is as good as new.
  const unused =
    record.next !== undefined &&
    !isRetired(state, slot, record.next) &&
    !state.generations.some((generation) => generation.leaves[slot]?.key === record.next);
  if (record.next !== undefined && unused) {
    const left = await world.store.readKey(name, slot, record.next);
    if (algorithmOf(left) === algorithm) return { id: record.next, privateKey: left };
  }
  return undefined;
};

/** The key to certify: one that is there, or a new one, written down before it is used. */
const keyFor = async (
  world: World,
  state: CertificateState,
  algorithm: KeyAlgorithm,
  fresh: boolean,
): Promise<ChosenKey> => {
  const { name } = state;
  const slot = slotOf(algorithm);
  const known = await knownKey(world, state, algorithm, fresh);
  if (known) return { ...known, algorithm, slot, state };
  const record: KeyRecord = state.keys[slot] ?? { old: [] };
  const privateKey = await world.generateKey(algorithm);
  const id = await world.store.addKey(name, slot, privateKey);
  const old = record.next === undefined ? record.old : [...record.old, record.next];
  const next = { ...state, keys: { ...state.keys, [slot]: { ...record, old, next: id } } };
  await world.store.write(next);
  return { id, privateKey, algorithm, slot, state: next };
};
