// The guard: a new key, issuer or name is not served while DNS tells others to refuse it (DANE, MTA-STS). What a renewal with its key changes is pinned-chain.ts's.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import type { Slot } from "../domain/keys.ts";
import { stsCovers } from "../domain/mta-sts.ts";
import { matchTlsa } from "../domain/tlsa.ts";
import { leadsTo } from "../domain/trust.ts";
import type { CertificateState } from "../store/store.ts";
import { type Place, askDns, askEverywhere, hostNames, portsOf } from "./ask-dns.ts";
import type { Candidate } from "./candidate.ts";
import type { Deployable } from "./entries.ts";
import { type Ways, behind, unpublished, untrusted } from "./dns-refusal.ts";
import type { World } from "./world.ts";

/** Names that are served already with this key by this issuer. */
export const keptNames = (
  world: Pick<World, "store">,
  state: CertificateState,
  candidate: Candidate,
): readonly string[] => {
  const live = state.generations.find(({ number }) => number === world.store.liveNumber(state.name));
  const served = live !== undefined && Object.keys(state.deployments).length > 0;
  const kept =
    served &&
    live.issuer === candidate.issuer &&
    live.authority === candidate.authority &&
    Object.entries(candidate.slots).every(
      ([slot, { spki }]) => spki !== undefined && live.leaves[slot as Slot]?.spkiSha256 === sha256Hex(spki),
    );
  return kept ? hostNames(candidate.names).filter((name) => live.names.includes(name)) : [];
};

/** Before it is issued, an ACME certificate is taken for what it nearly always is. */
const isPublic = async (world: World, { issuer, chains }: Candidate): Promise<boolean> => {
  // Our own root may have been put among the system's: that makes it no public CA.
  if (issuer !== "acme" || !chains) return issuer === "acme";
  const roots = await world.systemRoots();
  return chains.every((chain) => leadsTo(chain, roots, world.now()));
};

/** Asks in advance what `keepDnsPromises` will ask, beside other work: the answers are kept for a moment. */
export const askAhead = async (
  world: World,
  { names, issuer, servers }: CertificateConfig,
  found: readonly Deployable[],
): Promise<void> => {
  const ports = portsOf({ servers: found, auto: servers === "auto" });
  const quietly = { ...world, step: () => undefined };
  await askDns(quietly, hostNames(names), ports, issuer.kind !== "acme" && ports.includes(25));
};

export interface Guarded {
  readonly state: CertificateState;
  readonly candidate: Candidate;
  readonly place: () => Promise<Place>;
  readonly ways: Ways;
}

/** @throws Failure `config` where a secure TLSA record or an enforced MTA-STS policy stands that the candidate does not satisfy. */
export const keepDnsPromises = async (world: World, { state, candidate, place, ways }: Guarded): Promise<void> => {
  const kept = keptNames(world, state, candidate);
  const names = hostNames(candidate.names).filter((name) => !kept.includes(name));
  if (names.length === 0) return;
  const ports = portsOf(await place());
  const publicly = await isPublic(world, candidate);
  const { tlsa, sts } = await askDns(world, names, ports, !publicly && ports.includes(25));
  const offers = Object.values(candidate.slots);
  // Each key has to match: which of two is served is the client's choice.
  const broken = tlsa.filter(({ records }) => offers.some((offer) => matchTlsa(records, offer) === "mismatch"));
  if (broken.length > 0) throw unpublished(candidate, broken, ways);
  // A resolver knows one server's word: others may still have the records of before. One that has none at all harms nobody.
  const lagging = (await askEverywhere(world, tlsa)).filter(
    ({ records }) => records.length > 0 && offers.some((offer) => matchTlsa(records, offer) === "mismatch"),
  );
  if (lagging.length > 0) throw behind(candidate, lagging, ways);
  const enforced = sts.find(({ name, policy }) => policy.mode === "enforce" && stsCovers(policy, name));
  if (enforced) throw untrusted(candidate, enforced, ways);
};
