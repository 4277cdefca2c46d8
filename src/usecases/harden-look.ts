// What a server's entry points do before its TLS policy changes, and whether each still takes a client afterwards.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { canonicalIp } from "../domain/ip.ts";
import { type Slot, slotOf } from "../domain/keys.ts";
import { claimsOf } from "./claims.ts";
import type { Deployable } from "./entries.ts";
import { patienceMs } from "./prove-jobs.ts";
import { type ProofTarget, type ProvedEntry, entryKey, observeBaseline, proofTargets, prove } from "./prove.ts";
import { readableState } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** The certificate that a server was found by, and under which its policy is written down. */
export interface PolicyOwner {
  readonly name: string;
  readonly names: readonly string[];
  readonly slots: readonly Slot[];
}

export const ownerOf = ({ name, names, keys }: CertificateConfig): PolicyOwner => ({
  name,
  names,
  slots: [...new Set(keys.map(slotOf))],
});

/** Postfix's processes of before the reload may answer for two seconds more. */
const settleMs = 2_500;

export interface Works {
  readonly targets: readonly ProofTarget[];
  readonly leaves: ReadonlyMap<string, { readonly leaf: string }>;
  readonly ehlo: string;
}

const keyOf = ({ entry, slot }: Pick<ProofTarget, "entry" | "slot">): string => `${entryKey(entry)} ${slot}`;

/** By target, the leaves of the last proof. */
const leavesProven = (world: World, { name }: PolicyOwner, id: string): ReadonlyMap<string, string> => {
  const entries = readableState(world, name)?.deployments[id]?.entries ?? [];
  return new Map(
    entries.flatMap(({ url, address, slot = "ecdsa", verdict, leaf }) =>
      verdict === "proven" && leaf !== undefined ? [[`${url} ${address} ${slot}`, leaf] as const] : [],
    ),
  );
};

/** Of many only some are asked (`addressesOf`): of those with a certificate of their own, and of the others, in turn. */
const addressesToAsk = async (world: World): Promise<readonly string[]> => {
  const placed = new Set((await claimsOf(world)).placed.flatMap(({ places: { addresses } }) => addresses ?? []));
  const local = world.localAddresses();
  const isPlaced = (address: string): boolean => placed.has(canonicalIp(address) ?? address);
  const [own, others] = [local.filter(isPlaced), local.filter((address) => !isPlaced(address))];
  return local.flatMap((_, turn) => [...others.slice(turn, turn + 1), ...own.slice(turn, turn + 1)]);
};

/**
 * Those where a client of today gets a handshake now. One name is enough: policy is the same for all.
 * `remembered`: also where the last deployment had proven one, for what was set since may be what ends it.
 */
export const entriesThatWork = async (
  world: World,
  deployable: Deployable,
  owner: PolicyOwner,
  remembered = false,
): Promise<Works> => {
  const [ehlo = "localhost"] = owner.names;
  const found = proofTargets([deployable], [ehlo], owner.slots, await addressesToAsk(world));
  // Whose certificate is served there says nothing of whether there is a handshake.
  const targets = found.map(({ ownCertificate: _own, ...target }): ProofTarget => target);
  const seen = await observeBaseline(world, targets, ehlo);
  const known = remembered ? leavesProven(world, owner, deployable.installation.id) : new Map<string, string>();
  const works = seen.flatMap(({ target, baseline }) => {
    const leaf = baseline.leaf ?? known.get(keyOf(target));
    return leaf === undefined ? [] : [{ target, leaf }];
  });
  return {
    targets: works.map(({ target }) => target),
    leaves: new Map(works.map(({ target, leaf }) => [keyOf(target), { leaf }])),
    ehlo,
  };
};

/** Looked at once those of before the reload have ended. */
export const firstBroken = async (world: World, works: Works): Promise<ProvedEntry | undefined> => {
  await world.sleep(settleMs, world.signal);
  const entries = await prove(world, {
    targets: works.targets,
    expected: (target) => works.leaves.get(keyOf(target))?.leaf,
    before: (target) => works.leaves.get(keyOf(target)),
    ehlo: works.ehlo,
    patienceMs: () => patienceMs,
  });
  return entries.find(({ verdict }) => verdict === "broken" || verdict === "failing");
};
