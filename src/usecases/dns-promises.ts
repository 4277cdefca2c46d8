// The guard: a new key, issuer or name is not served while DNS tells others to refuse it (DANE, MTA-STS). What a renewal with its key changes is pinned-chain.ts's.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import type { Slot } from "../domain/keys.ts";
import { stsCovers } from "../domain/mta-sts.ts";
import { clean } from "../domain/text.ts";
import { matchTlsa, tlsaOwner } from "../domain/tlsa.ts";
import type { CertificateState } from "../store/store.ts";
import { type Pinned, type Place, type Silent, askDns, askEverywhere, hostNames, portsOf } from "./ask-dns.ts";
import type { Candidate } from "./candidate.ts";
import type { Deployable } from "./entries.ts";
import { type HoldClock, clockOf, heard, hold, keysOf, longest, withMemory } from "./dane-hold.ts";
import { type Ways, behind, missingRecords, unheard, unpublished, unripe, untrusted } from "./dns-refusal.ts";
import { isPubliclyTrusted } from "./public-trust.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

/** Names that are served already with this key by this issuer. */
export const keptNames = (
  world: Pick<World, "store">,
  state: CertificateState,
  candidate: Candidate,
): readonly string[] => {
  const live = liveGeneration(world, state.name, state);
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
const isPublic = async (world: World, { issuer, chains }: Candidate): Promise<boolean> =>
  chains ? isPubliclyTrusted(world, issuer, chains) : issuer === "acme";

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
  /** false: nothing is written, neither what was heard nor that it waits. */
  readonly remembers?: boolean;
}

export interface Promises {
  /** With what was heard of DNS. */
  readonly state: CertificateState;
  readonly findings: readonly Finding[];
}

/** How long until silence is worth another question. */
const silenceMs = 3_600_000;

/** Another key takes the place of one that is served. */
const changesKey = (world: World, state: CertificateState, candidate: Candidate): "new" | "other" | "kept" => {
  const live = liveGeneration(world, state.name, state);
  if (live === undefined) return "new";
  const leaves = Object.values(live.leaves).map(({ spkiSha256 }) => spkiSha256);
  return Object.values(candidate.slots).every(({ spki }) => spki !== undefined && leaves.includes(sha256Hex(spki)))
    ? "kept"
    : "other";
};

const unknownFinding = ({ name, port, why }: Silent): Finding => ({
  check: "dane-unknown",
  severity: "warning",
  message: `nobody could say whether TLSA records at ${tlsaOwner(name, port)} are for the new key, and none were seen there before: going on. ${clean(why, 300)}`,
  hint: "once name servers answer: mailcert dns check",
  reference: "RFC 7671 §8.1",
});

/**
 * @throws Failure `config` where a secure TLSA record or an enforced MTA-STS policy stands that the candidate does not satisfy; `try-later` for a new key
 * where secure records were seen before and nobody can say what they are now, and until two TTLs after the record that it waited for is everywhere.
 */
export const keepDnsPromises = async (world: World, guarded: Guarded): Promise<Promises> => {
  const { state, candidate, place, ways, remembers = true } = guarded;
  const kept = keptNames(world, state, candidate);
  const names = hostNames(candidate.names).filter((name) => !kept.includes(name));
  if (names.length === 0) return { state, findings: [] };
  const ports = portsOf(await place());
  const publicly = await isPublic(world, candidate);
  const promised = await askDns(world, names, ports, !publicly && ports.includes(25));
  const { tlsa, sts, silent } = promised;
  const dane = heard(world, state, { names, ports }, promised);
  const keys = keysOf(candidate);
  // Another change than that which waits begins anew.
  const { held: known } = dane ?? {};
  const before = known?.certificate !== true && known?.keys.join() === keys.join() ? known : undefined;
  const publish = before?.publish ?? [];
  const offers = Object.values(candidate.slots);
  // Each key has to match: which of two is served is the client's choice.
  const misfits = ({ records }: Pick<Pinned, "records">): boolean =>
    offers.some((offer) => matchTlsa(records, offer) === "mismatch");
  const stop = async (failure: Failure, clock: HoldClock) => {
    if (remembers) await hold(world, state, candidate, dane, failure, clock);
    return failure;
  };

  // Every server's own word: a resolver knows one, and the TTL that is left there.
  const servers = tlsa.length === 0 ? [] : await askEverywhere(world, tlsa);
  const broken = tlsa.filter(misfits);
  if (broken.length > 0)
    throw await stop(unpublished(candidate, broken, ways), {
      publish: missingRecords(candidate, broken),
      ...longest(before, servers),
    });
  // Others may still have the records of before. One that has none at all harms nobody.
  const lagging = servers.filter((one) => one.records.length > 0 && misfits(one));
  if (lagging.length > 0) throw await stop(behind(candidate, lagging, ways), { publish, ...longest(before, servers) });
  const change = changesKey(world, state, candidate);
  const seenAt = ({ name, port }: Silent): string | undefined => dane?.seen[tlsaOwner(name, port)];
  const missed = change === "kept" ? undefined : silent.find((one) => seenAt(one) !== undefined);
  if (missed) {
    const retryAt = new Date(world.now().getTime() + silenceMs).toISOString();
    const failure = unheard(candidate, missed, seenAt(missed) ?? "", retryAt, ways);
    const { ttl, since, until } = before ?? {};
    throw await stop(failure, {
      publish,
      ...(ttl === undefined ? {} : { ttl }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    });
  }
  let held = before;
  if (before && tlsa.length > 0) {
    const clock = clockOf(before, tlsa, servers, world.now());
    if (Date.parse(clock.until) > world.now().getTime()) throw await stop(unripe(clock, ways), { publish, ...clock });
    held = { ...before, ...clock };
  }
  const enforced = sts.find(({ name, policy }) => policy.mode === "enforce" && stsCovers(policy, name));
  if (enforced) throw untrusted(candidate, enforced, ways);
  const memory = dane && { seen: dane.seen, ...(held && tlsa.length > 0 ? { held } : {}) };
  const [unknown] = change === "other" ? silent : [];
  return {
    state: await withMemory(world, state, memory, remembers),
    findings: unknown ? [unknownFinding(unknown)] : [],
  };
};
