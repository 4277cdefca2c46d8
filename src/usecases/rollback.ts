// Rollback: back to the generation before, reload, prove it.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { generationOf } from "../domain/generation.ts";
import { mayGoBackTo } from "../domain/verdict.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { candidateOfGeneration } from "./candidate.ts";
import { deploy } from "./deploy.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import { type Guarded, type Promises, keepDnsPromises } from "./dns-promises.ts";
import { findServers } from "./entries.ts";
import { checkGeneration } from "./intact.ts";
import { keepPinnedChain } from "./pinned-chain.ts";
import { rollbackUndone } from "./rollback-undone.ts";
import type { World } from "./world.ts";

export interface RollbackTarget {
  readonly number: number;
  /** One that is staged and was never served: it is thrown away, or the next run would serve it. */
  readonly thrownAway?: number;
}

/** Of the one that was served before: revoked or failed, it would not be served again whatever is kept. */
const goneFor = (before: GenerationRecord | undefined, name: string): string | undefined => {
  if (before?.revoked)
    return `generation ${before.number} of ${name} was revoked on ${before.revoked.at.slice(0, 10)} (${before.revoked.reason}) and is not served again, and nothing from before it is kept`;
  if (before?.failed)
    return `generation ${before.number} of ${name} is not served again (${before.failed}), and nothing from before it is kept`;
  return undefined;
};

/** The generation that `rollback` would serve. @throws Failure `data` when there is none that may be served. */
export const rollbackTarget = (world: World, name: string): RollbackTarget => {
  const state = world.store.read(name);
  const live = world.store.liveNumber(name);
  if (!state || live === undefined)
    throw new Failure("data", `${name} was never deployed: there is nothing to go back to`);
  const earlier = state.generations.filter((generation) => generation.number < live);
  // Folders of those that are long past are cleared away; their records stay.
  const kept = earlier.filter(({ number }) => world.store.slotsIn(name, number).length > 0);
  const previous = kept.filter((generation) => mayGoBackTo(state, generation, world.now())).at(-1);
  if (!previous) {
    const why =
      earlier.length === 0
        ? `generation ${live} of ${name} is the first: there is nothing to go back to`
        : kept.length === 0
          ? (goneFor(earlier.at(-1), name) ??
            `no generation of ${name} from before ${live} is kept any more: mailcert keeps the live one and the two before it`)
          : kept.every(({ revoked }) => revoked)
            ? `what ${name} had before generation ${live} was revoked (${kept.map(({ number, revoked }) => `generation ${number} on ${revoked?.at.slice(0, 10) ?? ""}, ${revoked?.reason ?? ""}`).join("; ")}) and is not served again`
            : `${name} has no earlier generation that may be served (failed, revoked, expired, or ending within 7 days)`;
    throw new Failure("data", why, { hints: [`make a new one: mailcert renew --force ${name}`] });
  }
  const thrownAway = state.target !== undefined && state.target > live ? { thrownAway: state.target } : {};
  return { number: previous.number, ...thrownAway };
};

/** The caller holds the lock. What clients trust is not asked about: a person wants what was there before. */
export const rollback = async (
  world: World,
  certificate: CertificateConfig,
  options: DeployOptions,
): Promise<DeployResult> => {
  const { number, thrownAway } = rollbackTarget(world, certificate.name);
  const state = world.store.read(certificate.name);
  const live = world.store.liveNumber(certificate.name);
  const previous = state && generationOf(state, number);
  if (!previous) throw new Failure("data", `generation ${number} of ${certificate.name} is not recorded`);
  // Before anything is written: a target that cannot be served would stop every later run.
  await checkGeneration(world, certificate.name, previous);
  const { state: heard, findings } = options.replace
    ? { state, findings: [] }
    : await refuseUnpromised(world, certificate, state, previous);
  const generations = state.generations.map((one) => {
    if (one.number === live) return { ...one, failed: "rolled back by hand" };
    return one.number === thrownAway ? { ...one, failed: `thrown away by the rollback to ${number}` } : one;
  });
  const { baseline: _baseline, ...rest } = heard;
  await world.store.write({ ...rest, generations, target: number, stage: "staged" });
  const result = await deploy(world, certificate, { ...options, replace: true });
  const thrown = thrownAway === undefined ? [] : [thrownAwayFinding(thrownAway)];
  const undone = rollbackUndone(world, certificate, state, previous);
  return { ...result, findings: [...result.findings, ...findings, ...thrown, ...undone] };
};

/** What would go with it, for a plan: whether the next run would make it undone. */
export const rollbackForeseen = (world: World, certificate: CertificateConfig): readonly Finding[] => {
  const state = world.store.read(certificate.name);
  const previous = state && generationOf(state, rollbackTarget(world, certificate.name).number);
  return previous ? rollbackUndone(world, certificate, state, previous) : [];
};

const thrownAwayFinding = (number: number): Finding => ({
  check: "rollback-staged",
  severity: "info",
  message: `generation ${number}, which was staged and never served, was thrown away`,
});

/** @throws Failure `config` where DNS tells others to refuse that generation's key or chain: a TLSA record may have followed the new key since. */
const refuseUnpromised = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  previous: GenerationRecord,
): Promise<Promises> => {
  const { name, servers } = certificate;
  const guarded: Guarded = {
    state,
    candidate: await candidateOfGeneration(world, name, previous),
    place: async () => ({ servers: (await findServers(world, certificate)).servers, auto: servers === "auto" }),
    // A person asks once; a later run does not go on with it.
    remembers: false,
    ways: { resume: `run: mailcert rollback ${name}`, force: `mailcert rollback --replace ${name}` },
  };
  const { state: after, findings } = await keepDnsPromises(world, guarded);
  return { state: await keepPinnedChain(world, { ...guarded, state: after }), findings };
};
