// The certificate and keys of a lineage as a generation of ours, staged: what killed runs left is taken up, what is there is left alone.
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { rawEntry } from "../domain/certificate-settings.ts";
import { Failure } from "../domain/failure.ts";
import { authorityOf, differsFrom, targetOf } from "../domain/generation.ts";
import type { LineageGroup } from "../domain/imported-certificate.ts";
import { publicKeyOf } from "../domain/key-match.ts";
import { type KeyAlgorithm, type Slot, slotOf } from "../domain/keys.ts";
import { emptyState } from "../domain/state.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import type { CertificateState, GenerationRecord, LeafRecord, StagedSlot } from "../store/store.ts";
import { givenUpBy } from "./given-up-keys.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

export interface ImportedLeaf {
  readonly slot: Slot;
  readonly algorithm: KeyAlgorithm;
  /** SHA-256 of the certificate, and of its SubjectPublicKeyInfo; hex. */
  readonly sha256: string;
  readonly spkiSha256: string;
}

export interface ImportedGeneration {
  /** `present`: it is ours already. `kept`: another one is, or the configuration asks for another. */
  readonly outcome: "imported" | "present" | "kept";
  readonly generation?: GenerationRecord;
}

export const leavesOf = ({ lineages }: LineageGroup): readonly ImportedLeaf[] =>
  lineages.map(({ algorithm, leaf }) => {
    const { sha256, spkiSha256 } = readCertificate(leaf);
    return { slot: slotOf(algorithm), algorithm, sha256, spkiSha256 };
  });

/** Adds the key, unless a run that was killed has added it. */
const keepKey = async (
  world: World,
  state: CertificateState,
  slot: Slot,
  privateKey: string,
): Promise<{ readonly id: string; readonly state: CertificateState }> => {
  const record = state.keys[slot] ?? { old: [] };
  if (record.next !== undefined) {
    const left = await world.store.readKey(state.name, slot, record.next);
    if (publicKeyOf(left).equals(publicKeyOf(privateKey))) return { id: record.next, state };
  }
  const id = await world.store.addKey(state.name, slot, privateKey);
  const old = record.next === undefined ? record.old : [...record.old, record.next];
  const next = { ...state, keys: { ...state.keys, [slot]: { ...record, old, next: id } } };
  await world.store.write(next);
  return { id, state: next };
};

/** Is this certificate of ours, whatever became of it since? */
const present = (state: CertificateState, leaves: readonly ImportedLeaf[]): GenerationRecord | undefined =>
  state.generations.find((generation) =>
    leaves.every(({ slot, sha256 }) => generation.leaves[slot]?.sha256 === sha256),
  );

const refuseGivenUp = (world: World, { name, names }: CertificateConfig, leaves: readonly ImportedLeaf[]): void => {
  for (const { spkiSha256 } of leaves) {
    const owner = givenUpBy(world, spkiSha256);
    if (owner !== undefined)
      throw new Failure(
        "data",
        `what is to be imported as ${name} has a key of ${owner} that was given up as compromised`,
        {
          hints: [`have one made with a new key: mailcert setup ${names[0] ?? name}`],
        },
      );
  }
};

export const importGeneration = async (
  world: World,
  certificate: CertificateConfig,
  group: LineageGroup,
  /** `account`: URL of the one that the certificate was issued to, where it is ours now. */
  { client, dryRun, account }: { readonly client: string; readonly dryRun: boolean; readonly account?: string },
): Promise<ImportedGeneration> => {
  const leaves = leavesOf(group);
  let state = world.store.read(certificate.name) ?? emptyState(certificate.name);
  const known = present(state, leaves);
  if (known) return { outcome: "present", generation: known };
  const target = targetOf(state);
  if (target) return { outcome: "kept", generation: target };
  refuseGivenUp(world, certificate, leaves);
  const spans = group.lineages.map(({ notBefore, notAfter }) => [notBefore.getTime(), notAfter.getTime()] as const);
  const draft: Omit<GenerationRecord, "number" | "leaves"> = {
    names: group.lineages[0]?.names ?? [],
    issuer: "acme",
    authority: group.lineages[0]?.directory ?? authorityOf(certificate.issuer),
    ...(account === undefined ? {} : { account }),
    entry: Object.fromEntries(rawEntry(certificate)),
    createdAt: world.now().toISOString(),
    notBefore: new Date(Math.max(...spans.map(([from]) => from))).toISOString(),
    notAfter: new Date(Math.min(...spans.map(([, to]) => to))).toISOString(),
  };
  const leafOf = (leaf: ImportedLeaf, key: string): LeafRecord => {
    const { sha256, spkiSha256, algorithm } = leaf;
    return { sha256, spkiSha256, algorithm, key };
  };
  const wanted = Object.fromEntries(leaves.map((leaf) => [leaf.slot, leafOf(leaf, "")]));
  // An entry that somebody wrote by hand and that asks for something else: the next renewal would throw this one away.
  if (differsFrom({ ...draft, number: 0, leaves: wanted }, certificate) !== undefined) return { outcome: "kept" };
  if (dryRun) return { outcome: "imported" };
  const { noteIssued } = await world.importing();
  for (const { directory, names, notBefore } of group.lineages) await noteIssued(directory, names, notBefore);
  const slots: Partial<Record<Slot, StagedSlot>> = {};
  const records: Partial<Record<Slot, LeafRecord>> = {};
  for (const leaf of leaves) {
    const lineage = group.lineages.find(({ algorithm }) => slotOf(algorithm) === leaf.slot);
    if (!lineage) continue;
    const kept = await keepKey(world, state, leaf.slot, lineage.privateKey);
    state = kept.state;
    records[leaf.slot] = leafOf(leaf, kept.id);
    slots[leaf.slot] = { privateKey: lineage.privateKey, leaf: lineage.leaf, chain: lineage.chain };
  }
  const above = Math.max(0, ...state.generations.map(({ number }) => number));
  const number = await world.store.stage(certificate.name, slots, above);
  const generation: GenerationRecord = { number, ...draft, leaves: records };
  const { lastError: _error, nextAttempt: _next, ...rest } = state;
  await world.store.write({
    ...rest,
    attempts: 0,
    generations: [...state.generations, generation],
    target: number,
    stage: "staged",
  });
  await recordChange(world, {
    certificate: certificate.name,
    what: `imported generation ${number} from ${client} for ${generation.names.join(", ")}, valid until ${utcMinute(generation.notAfter)}`,
  });
  return { outcome: "imported", generation };
};
