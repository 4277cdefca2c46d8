// Which keys a certificate is asked for: those that are live, those left by an unfinished run, or new ones.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { targetOf } from "../domain/generation.ts";
import { publicKeyOf } from "../domain/key-match.ts";
import { type KeyAlgorithm, type Slot, algorithmOf, slotOf } from "../domain/keys.ts";
import { isRetired } from "../domain/revocation.ts";
import { emptyState } from "../domain/state.ts";
import type { ForeignRequest } from "../domain/subject-key.ts";
import type { CertificateState, KeyRecord } from "../store/store.ts";
import { type AdoptedKey, keepAdopted } from "./adopted-key.ts";
import { keyOfRequest } from "./request-elsewhere.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

interface KnownKey {
  readonly id: string;
  readonly privateKey: string;
}

interface Chosen {
  readonly algorithm: KeyAlgorithm;
  readonly slot: Slot;
  readonly state: CertificateState;
}

interface OwnKey extends Chosen, KnownKey {
  readonly request?: undefined;
}

/** One that somebody else keeps. */
export interface RequestedKey extends Chosen {
  readonly privateKey?: undefined;
  readonly request: ForeignRequest;
  /** The request in PEM. */
  readonly pem: string;
}

export type ChosenKey = OwnKey | RequestedKey;

/** Which keys are wanted, where not those that are there. */
export interface KeyWish {
  /** New ones; so is every renewal's where the configuration keeps none. */
  readonly newKey?: boolean;
  readonly adopted?: AdoptedKey;
}

const isFresh = ({ reuseKey }: CertificateConfig, { newKey }: KeyWish): boolean => newKey === true || !reuseKey;

/** @throws Failure `usage` for a wish that only the holder of the key could fulfil. */
const refuseKeyWish = (name: string, csr: string, { newKey, adopted }: KeyWish): void => {
  if (newKey !== true && adopted === undefined) return;
  throw new Failure(
    "usage",
    `${name} is certified by a request that was made elsewhere (${csr}): its key is not chosen here`,
    {
      hints: ["for another key, make a request with it and put that into the file: the next run certifies it"],
    },
  );
};

const spkiHash = (privateKey: string): string => sha256Hex(publicKeyOf(privateKey));

/** Those that are there, or new ones, written down before they are used: a run that is repeated comes to the same. The last one has the state as it was written. */
export const keysFor = async (
  world: World,
  before: CertificateState,
  certificate: CertificateConfig,
  wish: KeyWish,
): Promise<readonly ChosenKey[]> => {
  if (certificate.csr !== undefined) {
    refuseKeyWish(certificate.name, certificate.csr, wish);
    return [await keyOfRequest(world, certificate, certificate.csr, before)];
  }
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

/** Neither: one that is yet to be made. */
export interface KeyInHand {
  readonly slot: Slot;
  readonly privateKey?: string | undefined;
  readonly request?: ForeignRequest | undefined;
}

/** The keys that `issue` would certify, without making any. */
export const keysInHand = async (
  world: World,
  certificate: CertificateConfig,
  wish: KeyWish,
): Promise<readonly KeyInHand[]> => {
  const state = world.store.read(certificate.name) ?? emptyState(certificate.name);
  if (certificate.csr !== undefined) return [await keyOfRequest(world, certificate, certificate.csr, state)];
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
  const generations = [liveGeneration(world, name, state), targetOf(state)];
  const present = generations
    .map((generation) => generation?.leaves[slot])
    .find((leaf) => leaf?.algorithm === algorithm && !isRetired(state, leaf.spkiSha256));
  if (!fresh && present?.key !== undefined) {
    return { id: present.key, privateKey: await world.store.readKey(name, slot, present.key) };
  }
  // Left by a run that did not get as far as a certificate: never served, so it is as good as new.
  const unused =
    record.next !== undefined && !state.generations.some((generation) => generation.leaves[slot]?.key === record.next);
  if (record.next !== undefined && unused) {
    const left = await world.store.readKey(name, slot, record.next);
    if (algorithmOf(left) === algorithm && !isRetired(state, spkiHash(left)))
      return { id: record.next, privateKey: left };
  }
  return undefined;
};

/** The key to certify: one that is there, or a new one, written down before it is used. */
const keyFor = async (
  world: World,
  state: CertificateState,
  algorithm: KeyAlgorithm,
  fresh: boolean,
): Promise<OwnKey> => {
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
