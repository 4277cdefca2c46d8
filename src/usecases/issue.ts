// Issue: a key (kept or new), a chain from the issuer, checked and written as a new generation. Stops at staged.
import type { CaFailures } from "../domain/ca-failures.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { rawEntry } from "../domain/certificate-settings.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { authorityOf } from "../domain/generation.ts";
import type { Slot } from "../domain/keys.ts";
import { isWildcard } from "../domain/names.ts";
import { hasRetiredKey } from "../domain/revocation.ts";
import { emptyState } from "../domain/state.ts";
import { issuerTitle } from "../domain/setup-command.ts";
import { shellWord } from "../domain/shell-word.ts";
import { unmetFindings } from "../domain/unmet-wish.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import { whyNoGain } from "../domain/validity.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { exchangedFindings } from "./ca-exchanged.ts";
import { type Candidate, candidateOfChains, candidateOfKeys } from "./candidate.ts";
import { type KeyWish, keysFor } from "./certified-keys.ts";
import { type ChosenCa, withFirstCa } from "./choose-ca.ts";
import { type LivingNames, withoutDeadNames } from "./dead-names.ts";
import { type Guarded, keepDnsPromises } from "./dns-promises.ts";
import { type Deployable, findServers } from "./entries.ts";
import { type Obtained, obtainSlots, wrongDates } from "./obtain.ts";
import { orderTerms } from "./order-terms.ts";
import { orderedWithout } from "./left-out-again.ts";
import { recordChange } from "./record-change.ts";
import { rememberFailure, withNextAttempt } from "./remember-failure.ts";
import { unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

/** `newKey`: make new keys instead of keeping those that are live. */
export interface IssueOptions extends KeyWish {
  /** Go on although DNS tells others to refuse the new key. */
  readonly replace?: boolean;
  /** How a person says so; default: a setup with --replace. */
  readonly toReplace?: string;
  /** The servers of this host, where the caller has looked already. */
  readonly found?: readonly Deployable[];
  /** Nothing is due but to take these names back, which had been left out. */
  readonly onlyFor?: readonly string[];
}

export interface IssueResult {
  readonly certificate: string;
  /** What was certified. */
  readonly names: readonly string[];
  readonly generation: GenerationRecord;
  /** PEM of the private CA's root, for people to import. */
  readonly root?: string;
  /** What the issuer made on the way, for people to know. */
  readonly notes?: readonly string[];
  /** Names that were left out, CAs that could not, what the CA did not give. */
  readonly findings?: readonly Finding[];
}

/** The names of all other certificates of the same private CA: one in its place would have to suit them, too. */
const othersOfCa = async (world: World, { name, issuer }: CertificateConfig): Promise<readonly string[]> => {
  const all = await unlessFailure(() => world.config.read());
  if (issuer.kind !== "private-ca" || all instanceof Failure) return [];
  const { ca } = issuer;
  return (all?.certificates ?? []).flatMap((other) =>
    other.name !== name && other.issuer.kind === "private-ca" && other.issuer.ca === ca ? other.names : [],
  );
};

/** `first`: the one for which its private CA would be made before. @returns what would be made on the way, for people. @throws Failure `data` naming the first name that the issuer cannot certify, or what else it would say by what is on this host. */
export const refuseBadNames = async (
  world: World,
  certificate: CertificateConfig,
  first?: CertificateConfig,
): Promise<readonly string[]> => {
  const issuer = await world.issuer(certificate.issuer.kind);
  for (const name of certificate.names) {
    const why = issuer.refuses(name, certificate.issuer);
    if (why === undefined) continue;
    const { issuer: settings } = certificate;
    const inDns = settings.kind === "acme" && settings.challenges.some((type) => type.startsWith("dns-"));
    const hints =
      settings.kind === "acme" && isWildcard(name) && !inDns
        ? [
            "a wildcard is proven through DNS: challenge: dns-01, dns: NAME (--challenge dns-01 --dns NAME); see docs/dns.md",
          ]
        : [];
    throw new Failure("data", `${settings.kind} cannot certify ${name}: ${why}`, { hints });
  }
  const company = {
    ...(first ? { first: { names: first.names, settings: first.issuer } } : {}),
    others: () => othersOfCa(world, certificate),
  };
  return (await issuer.check?.(certificate.names, certificate.issuer, company)) ?? [];
};

/** Issues a new generation and makes it the target. The caller holds the lock. A failure is remembered in the state with the time of the next attempt. */
export const issue = async (
  world: World,
  asked: CertificateConfig,
  options: IssueOptions = {},
): Promise<IssueResult> => {
  const living = await remembering(world, asked, async () => {
    await refuseBadNames(world, asked);
    return withoutDeadNames(world, asked);
  });
  const { certificate } = living;
  const before = world.store.read(certificate.name) ?? emptyState(certificate.name);
  const keys = await remembering(world, asked, () => keysFor(world, before, certificate, options));
  const { state: certified } = keys.at(-1) ?? { state: before };
  // Before anything is spent. What DNS says is a person's matter: it is not remembered, so that timer runs with the present key go on.
  const candidate = candidateOfKeys(certificate, keys);
  const { state } = options.replace
    ? { state: certified }
    : await keepDnsPromises(world, guarded(world, certificate, certified, candidate, options));
  return remembering(world, asked, async () => {
    const termsOf = await orderTerms(world, asked, state);
    const { living: had, result: chosen } = await orderedWithout(
      world,
      before,
      asked,
      living,
      (names) => withFirstCa(world, names, (by) => obtainSlots(world, by, keys, termsOf)),
      options,
    );
    return issueGeneration(world, asked, had, chosen, state, options);
  });
};

const remembering = async <Result>(
  world: World,
  certificate: CertificateConfig,
  job: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await job();
  } catch (error) {
    // Where not even that can be written (a full disk), the first failure is the one to tell.
    if (!(error instanceof Failure)) throw error;
    const next = await rememberFailure(world, certificate, "issue", error).catch(ignoreFailure);
    throw withNextAttempt(error, next);
  }
};

const issueGeneration = async (
  world: World,
  asked: CertificateConfig,
  { dropped, findings: dead }: LivingNames,
  { result, certificate, caFailures, findings: tried }: ChosenCa<Obtained>,
  before: CertificateState,
  options: IssueOptions,
): Promise<IssueResult> => {
  const { staged, leaves, span, root, account, notes, unmet } = result;
  const findings = [...dead, ...tried, ...unmetFindings(unmet), ...exchangedFindings(world, certificate)];
  refuseNoGain(world, certificate, before, span);
  // Records that pin a CA (2 x x) can be judged only now.
  const candidate = candidateOfChains(certificate, staged);
  const { state } = options.replace
    ? { state: before }
    : await keepDnsPromises(world, guarded(world, certificate, before, candidate, options));
  const number = await world.store.stage(certificate.name, staged, lastNumber(state), carried(world, state));
  const generation: GenerationRecord = {
    number,
    names: certificate.names,
    issuer: certificate.issuer.kind,
    authority: authorityOf(certificate.issuer),
    ...(account === undefined ? {} : { account }),
    entry: Object.fromEntries(rawEntry(asked)),
    ...(dropped.length === 0 ? {} : { dropped }),
    ...(unmet.length === 0 ? {} : { unmet }),
    createdAt: world.now().toISOString(),
    notBefore: new Date(span.notBefore).toISOString(),
    notAfter: new Date(span.notAfter).toISOString(),
    leaves,
  };
  await world.store.write(withGeneration(state, generation, caFailures));
  await recordChange(world, {
    certificate: certificate.name,
    what: `issued generation ${number} by ${issuerTitle(generation)} for ${certificate.names.join(", ")}, valid until ${utcMinute(generation.notAfter)}`,
  });
  return {
    certificate: certificate.name,
    names: certificate.names,
    generation,
    ...(root === undefined ? {} : { root }),
    ...(notes.length === 0 ? {} : { notes }),
    ...(findings.length === 0 ? {} : { findings }),
  };
};

/** @throws Failure `unavailable` for a certificate that is worth less than what is served. */
const refuseNoGain = (
  world: World,
  { issuer }: CertificateConfig,
  state: CertificateState,
  { notBefore, notAfter }: Obtained["span"],
): void => {
  const live = liveGeneration(world, state.name, state);
  if (live === undefined) return;
  const present = { notBefore: new Date(live.notBefore), notAfter: new Date(live.notAfter) };
  const next = { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
  const why = whyNoGain(next, present, world.now());
  if (why !== undefined) throw wrongDates(issuer.kind, why);
};

/**
 * A slot that the new generation drops must not vanish under settings that still name it: a server restarted at that moment
 * would not start. It is carried along until a deployment without it is verified.
 */
const carried = (world: World, state: CertificateState): { from: number; slots: readonly Slot[] } | undefined => {
  const live = world.store.liveNumber(state.name);
  if (live === undefined) return undefined;
  const own = Object.keys(state.generations.find(({ number }) => number === live)?.leaves ?? {}) as Slot[];
  return { from: live, slots: state.stage === "verified" ? own : world.store.slotsIn(state.name, live) };
};

/** Folders of generations that failed are gone; their records, and so their numbers, stay. */
const lastNumber = ({ generations }: CertificateState): number =>
  Math.max(0, ...generations.map(({ number }) => number));

const withGeneration = (
  state: CertificateState,
  generation: GenerationRecord,
  caFailures: CaFailures,
): CertificateState => {
  const { lastError: _error, nextAttempt: _next, baseline: _baseline, ari: _ari, caFailures: _old, ...rest } = state;
  return {
    ...rest,
    ...(Object.keys(caFailures).length === 0 ? {} : { caFailures }),
    attempts: 0,
    generations: [...state.generations, generation],
    target: generation.number,
    stage: "staged",
  };
};

/** Issuing needs no server: what is wrong with one is for deploy to say. */
const serversHere = async (world: World, certificate: CertificateConfig): Promise<readonly Deployable[]> => {
  try {
    return (await findServers(world, certificate)).servers;
  } catch (error) {
    ignoreFailure(error);
    return [];
  }
};

/** What the guard for DANE and MTA-STS needs to know about this issue. */
const guarded = (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  candidate: Candidate,
  { newKey, found, toReplace }: IssueOptions,
): Guarded => {
  const { name, names, servers } = certificate;
  const auto = servers === "auto";
  const again = `mailcert setup ${shellWord(names[0] ?? name)}${newKey ? " --new-key" : ""} --replace`;
  const live = liveGeneration(world, name, state);
  const keeps = live !== undefined && !hasRetiredKey(state, live);
  return {
    state,
    candidate,
    place: async () => ({ servers: found ?? (await serversHere(world, certificate)), auto }),
    ways: {
      resume: "run this again",
      // A key that was given up is not stayed with, nor taken over again.
      ...(keeps ? { keep: `mailcert renew --force ${name}` } : {}),
      ...(live && !keeps ? { given: true } : {}),
      force: toReplace ?? again,
    },
  };
};

/** For what is done on the way out of a failure. */
const ignoreFailure = (error: unknown): undefined => {
  if (!(error instanceof Failure)) throw error;
  return undefined;
};
