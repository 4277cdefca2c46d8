// Which roots of a private CA clients import: first the one that verifies what is served now, which right after a rotation is not the CA's present one.
import { readCertificate } from "../domain/certificate.ts";
import { Failure } from "../domain/failure.ts";
import { leadsTo } from "../domain/trust.ts";
import type { GenerationRecord, PublicSlot } from "../store/store.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface ImportedRoots {
  /** PEM: the newest that verifies what is served. One alone is enough for a client. */
  readonly root: string;
  /** PEM of the CA's present root, where that verifies only what is served after the next renewal. */
  readonly newerRoot?: string;
  /** PEM, newest first; ended ones are left out. */
  readonly olderRoots: readonly string[];
}

/** Whether a client that knows this root alone accepts each of them, at a time when the certificate is valid. */
export const verifiesAll = (root: string, slots: readonly PublicSlot[]): boolean =>
  slots.every(({ leaf, chain }) => leadsTo([leaf, ...chain], [root], readCertificate(leaf).notBefore));

/** Of a private CA; of anything else what it is sent with is all there is. */
export const importedRoots = async (
  world: World,
  { issuer, authority }: Pick<GenerationRecord, "issuer" | "authority">,
  { served, slots }: { readonly served: string | undefined; readonly slots: readonly PublicSlot[] },
): Promise<Partial<ImportedRoots>> => {
  if (served === undefined) return {};
  return issuer === "private-ca" ? rootsOf(world, authority, { served, slots }) : { root: served };
};

/**
 * @param served PEM of the root in the chain that is served.
 * The served chain's alone where the CA does not know it (it was made anew), or cannot be read now, which `ca show` tells.
 */
const rootsOf = async (
  world: World,
  ca: string,
  { served, slots }: { readonly served: string; readonly slots: readonly PublicSlot[] },
): Promise<ImportedRoots> => {
  const alone: ImportedRoots = { root: served, olderRoots: [] };
  const roots = await unlessFailure(async () => (await world.privateCas()).roots(ca, world.now()));
  if (roots instanceof Failure) return alone;
  const { sha256: known } = readCertificate(served);
  const top = roots.findIndex((root) => readCertificate(root).sha256 === known);
  if (top === -1) return alone;
  const first = roots.findIndex((root) => verifiesAll(root, slots));
  // Damaged, or not by this CA: what it is sent with counts.
  const place = first === -1 ? top : first;
  const [present] = roots;
  return {
    root: roots[place] ?? served,
    // Those between the two signed nothing that is served here, and never will.
    ...(place === 0 || present === undefined ? {} : { newerRoot: present }),
    olderRoots: roots.slice(place + 1),
  };
};
