// A key that a server has already, made a certificate's own: what pins it (DANE) stays true.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { targetOf } from "../domain/generation.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { publicKeyOf } from "../domain/key-match.ts";
import { type KeyAlgorithm, algorithmOf, slotOf } from "../domain/keys.ts";
import type { CertificateState, KeyRecord } from "../store/store.ts";
import { givenUpBy } from "./given-up-keys.ts";
import type { World } from "./world.ts";

export interface AdoptedKey {
  /** Where it was read, for messages. */
  readonly path: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  readonly algorithm: KeyAlgorithm;
}

/** Asked again when the lock is held: it may have been given up meanwhile. */
const refuseGivenUp = (world: World, path: string, privateKey: string): void => {
  const owner = givenUpBy(world, sha256Hex(publicKeyOf(privateKey)));
  if (owner === undefined) return;
  throw new Failure(
    "data",
    `${path} holds a key of ${owner} that was given up as compromised: it is not certified again`,
    { hints: ["leave --adopt-key out: a new key is made"] },
  );
};

/** @throws Failure `data` for a file without a key that a slot takes, or with one that was given up. A warning is said at once. */
export const readAdoptedKey = async (
  world: World,
  path: string,
  warn: (message: string) => void,
): Promise<AdoptedKey> => {
  const { privateKey, warnings } = await world.readKeyFile(path);
  const algorithm = algorithmOf(privateKey);
  if (algorithm === undefined)
    throw new Failure("data", `${path} holds a key of a kind that mailcert does not serve`, {
      hints: ["it serves ECDSA P-256 and P-384, and RSA with 2048, 3072 or 4096 bits"],
    });
  refuseGivenUp(world, path, privateKey);
  for (const warning of warnings) warn(warning);
  return { path, privateKey, algorithm };
};

/** @throws Failure `usage` where the certificate has no slot for it. */
export const refuseStrayKey = ({ name, keys }: CertificateConfig, { path, algorithm }: AdoptedKey): void => {
  if (keys.includes(algorithm)) return;
  throw new Failure("usage", `${path} holds a key of the kind ${algorithm}, and ${name} has ${keys.join(" and ")}`, {
    hints: [`add that kind to the keys: key: ${algorithm} (--key ${algorithm})`],
  });
};

/** Whether what is to be served has this key already. */
export const hasKey = (state: CertificateState | undefined, { algorithm, privateKey }: AdoptedKey): boolean => {
  const leaf = state && targetOf(state)?.leaves[slotOf(algorithm)];
  return leaf !== undefined && leaf.spkiSha256 === sha256Hex(publicKeyOf(privateKey));
};

/** Its id in the certificate's own folder of keys, where it is put first if it is not there yet. */
export const keepAdopted = async (
  world: World,
  state: CertificateState,
  { algorithm, privateKey, path }: AdoptedKey,
): Promise<{ readonly id: string; readonly state: CertificateState }> => {
  const slot = slotOf(algorithm);
  const record: KeyRecord = state.keys[slot] ?? { old: [] };
  refuseGivenUp(world, path, privateKey);
  const wanted = publicKeyOf(privateKey);
  for (const id of [record.current, record.next, ...record.old]) {
    if (id === undefined) continue;
    if (publicKeyOf(await world.store.readKey(state.name, slot, id)).equals(wanted)) return { id, state };
  }
  const id = await world.store.addKey(state.name, slot, privateKey);
  const old = record.next === undefined ? record.old : [...record.old, record.next];
  const next = { ...state, keys: { ...state.keys, [slot]: { ...record, old, next: id } } };
  await world.store.write(next);
  return { id, state: next };
};
