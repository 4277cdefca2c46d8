// The guard's other half: the key stays, and the certificate around it changes. TLSA records that pin more than the key (3 0 x, 2 x x) hold it back.
import { type TlsaOffer, type TlsaRecord, matchTlsa } from "../domain/tlsa.ts";
import type { Slot } from "../domain/keys.ts";
import { Failure } from "../domain/failure.ts";
import { askDns, askEverywhere, portsOf } from "./ask-dns.ts";
import { type Candidate, offersOf } from "./candidate.ts";
import { type HoldClock, clockOf, heard, hold, longest, withMemory } from "./dane-hold.ts";
import { type Guarded, keptNames } from "./dns-promises.ts";
import { behind, missingRecords, pinnedWhole, unripe } from "./dns-refusal.ts";
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
  const { tlsa, silent } = promised;
  // What a later change of the key is held to when DNS is silent.
  const dane = heard(world, state, { names, ports }, promised);
  const before = dane?.held?.certificate === true ? dane.held : undefined;
  const stop = async (failure: Failure, clock: HoldClock): Promise<Failure> => {
    if (remembers) await hold(world, state, candidate, dane, failure, { ...clock, certificate: true });
    return failure;
  };
  const servers = tlsa.length === 0 ? [] : await askEverywhere(world, tlsa);
  const broken = tlsa.filter(breaks);
  if (broken.length > 0)
    throw await stop(pinnedWhole(candidate, broken, ways), {
      publish: missingRecords(candidate, broken),
      ...longest(before, servers),
    });
  const lagging = servers.filter(breaks);
  if (lagging.length > 0)
    throw await stop(behind(candidate, lagging, ways), {
      publish: before?.publish ?? [],
      ...longest(before, servers),
    });
  // Silence never holds a renewal that keeps its key; a record that came is waited for.
  if (before && tlsa.length > 0 && silent.length === 0) {
    const clock = clockOf(before, tlsa, servers, world.now());
    if (Date.parse(clock.until) > world.now().getTime())
      throw await stop(unripe(clock, ways), { publish: before.publish, ...clock });
  }
  const { held: _over, ...rest } = dane ?? { seen: {} };
  return withMemory(world, state, before ? rest : dane, remembers);
};
