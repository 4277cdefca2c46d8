// The guard's other half: the key stays, and the certificate around it changes. TLSA records that pin more than the key (3 0 x, 2 x x) hold it back.
import { type TlsaOffer, type TlsaRecord, matchTlsa } from "../domain/tlsa.ts";
import type { Slot } from "../domain/keys.ts";
import { Failure } from "../domain/failure.ts";
import { askDns, askEverywhere, portsOf } from "./ask-dns.ts";
import { type Candidate, offersOf } from "./candidate.ts";
import { heard, withMemory } from "./dane-hold.ts";
import { type Guarded, keptNames } from "./dns-promises.ts";
import { behind, pinnedWhole } from "./dns-refusal.ts";
import type { CertificateState } from "../store/store.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** What is served now, by slot; nothing where it cannot be read: the new one is its repair. */
const servedNow = async (world: World, name: string): Promise<Candidate["slots"]> => {
  const live = world.store.liveNumber(name);
  if (live === undefined) return {};
  const read = await unlessFailure(async () => offersOf(await world.store.readCertificates(name, live)).slots);
  return read instanceof Failure ? {} : read;
};

const sameChain = (one: TlsaOffer, other: TlsaOffer | undefined): boolean =>
  one.chain !== undefined &&
  one.chain.length === other?.chain?.length &&
  one.chain.every((der, index) => Buffer.compare(der, other.chain?.[index] ?? Buffer.alloc(0)) === 0);

/**
 * For a candidate with chains whose key and issuer are those of before. @throws Failure `config` where secure TLSA records that the present chain
 * satisfies would not be satisfied any more. Records that are wrong already are made no worse: a certificate must not end because of them.
 */
export const keepPinnedChain = async (
  world: World,
  { state, candidate, place, ways, remembers = true }: Guarded,
): Promise<CertificateState> => {
  const names = keptNames(world, state, candidate);
  if (names.length === 0) return state;
  const present = await servedNow(world, state.name);
  const changed = (Object.entries(candidate.slots) as [Slot, TlsaOffer][]).flatMap(([slot, after]) => {
    const before = present[slot];
    return before === undefined || sameChain(after, before) ? [] : [{ before, after }];
  });
  if (changed.length === 0) return state;
  const breaks = ({ records }: { readonly records: readonly TlsaRecord[] }): boolean =>
    changed.some(
      ({ before, after }) => matchTlsa(records, after) === "mismatch" && matchTlsa(records, before) === "match",
    );
  const ports = portsOf(await place());
  const promised = await askDns(world, names, ports, false);
  const { tlsa } = promised;
  // What a later change of the key is held to when DNS is silent.
  const after = await withMemory(world, state, heard(world, state, { names, ports }, promised), remembers);
  const broken = tlsa.filter(breaks);
  if (broken.length > 0) throw pinnedWhole(candidate, broken, ways);
  const lagging = (await askEverywhere(world, tlsa)).filter(breaks);
  if (lagging.length > 0) throw behind(candidate, lagging, ways);
  return after;
};
