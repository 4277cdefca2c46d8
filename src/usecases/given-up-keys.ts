// Keys that were given up as compromised, across the certificates of this host: a key may be another one's as well (--adopt-key, import).
import { Failure } from "../domain/failure.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { publicKeyOf } from "../domain/key-match.ts";
import type { Slot } from "../domain/keys.ts";
import { type PendingRevocation, hasRetiredKey, isRetired, pendingOf, withPending } from "../domain/revocation.ts";
import type { CertificateState, KeyRecord } from "../store/store.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Keys that were made for a certificate to come: SHA-256 of each SubjectPublicKeyInfo, hex. */
export const readyKeys = async (world: World, { name, keys }: CertificateState): Promise<readonly string[]> => {
  const hashes: string[] = [];
  for (const [slot, { next }] of Object.entries(keys) as [Slot, KeyRecord][]) {
    if (next === undefined) continue;
    const key = await unlessFailure(() => world.store.readKey(name, slot, next));
    if (!(key instanceof Failure)) hashes.push(sha256Hex(publicKeyOf(key)));
  }
  return hashes;
};

/** The certificate that gave this key up, if one of this host did. `spki`: SHA-256 of its SubjectPublicKeyInfo, hex. */
export const givenUpBy = (world: World, spki: string): string | undefined =>
  world.store.list().find((name) => {
    const state = readableState(world, name);
    return state !== undefined && isRetired(state, spki);
  });

/** What of another certificate has to go, too, beside what is under way for another key. */
const pendingFor = (
  state: CertificateState,
  { reason, since }: PendingRevocation,
  now: Date,
): readonly PendingRevocation[] => {
  const under = pendingOf(state);
  const compromised = state.generations.filter(
    (one) => one.issuer === "acme" && !one.revoked && new Date(one.notAfter) > now && hasRetiredKey(state, one),
  );
  const meant = compromised.at(-1);
  // One that goes by a key takes all that have a given-up one.
  if (!meant || under.some(({ byKey }) => byKey)) return under;
  const others = under.filter((one) => !compromised.some(({ number }) => number === one.generation));
  return [{ generation: meant.number, reason, since, byKey: true }, ...others];
};

/**
 * The other certificates that have a key which this one gives up, as their states are to be: they never ask for it again, the next renewal
 * replaces what they serve, and revokes it then.
 */
export const sharing = async (
  world: World,
  { name, retired = [] }: CertificateState,
  pending: PendingRevocation,
): Promise<readonly CertificateState[]> => {
  const found: CertificateState[] = [];
  for (const other of world.store.list()) {
    const before = other === name ? undefined : readableState(world, other);
    if (!before) continue;
    const certified = before.generations.flatMap(({ leaves }) => Object.values(leaves).map((leaf) => leaf.spkiSha256));
    const shared = [...certified, ...(await readyKeys(world, before))].filter((spki) => retired.includes(spki));
    if (shared.length === 0) continue;
    const state = { ...before, retired: [...new Set([...(before.retired ?? []), ...shared])].toSorted() };
    found.push(withPending(state, pendingFor(state, pending, world.now())));
  }
  return found;
};
