// A generation as servers and proof see it: its slots, the paths behind `live`, the leaves to be served, what was served before.
import type { Slot } from "../domain/keys.ts";
import type { Baseline } from "../domain/verdict.ts";
import type { ServedCertificate } from "../servers/server.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { World } from "./world.ts";

export const slotsOf = (generation: GenerationRecord): readonly Slot[] => Object.keys(generation.leaves) as Slot[];

export const servedCertificate = (world: World, name: string, generation: GenerationRecord): ServedCertificate => ({
  name,
  names: generation.names,
  slots: world.store.livePaths(name, slotsOf(generation)),
});

/** SHA-256 of the leaf that an entry point is to serve for a slot. */
export const expectedOf =
  (generation: GenerationRecord) =>
  ({ slot }: { readonly slot: Slot }): string | undefined =>
    generation.leaves[slot]?.sha256;

const baselineKey = (url: string, address: string, slot: Slot): string => `${url} ${address} ${slot}`;

/** By `entryKey` and slot. */
export const baselineOf = (state: CertificateState): ReadonlyMap<string, Baseline> =>
  new Map((state.baseline ?? []).map((entry) => [baselineKey(entry.url, entry.address, entry.slot), entry]));
