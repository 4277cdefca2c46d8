// Rollback: back to the generation before, reload, prove it.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { generationOf } from "../domain/generation.ts";
import { mayGoBackTo } from "../domain/verdict.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { candidateOfGeneration } from "./candidate.ts";
import { deploy } from "./deploy.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import { keepDnsPromises } from "./dns-promises.ts";
import { findServers } from "./entries.ts";
import { checkGeneration } from "./intact.ts";
import type { World } from "./world.ts";

/** The generation that `rollback` would serve. @throws Failure `data` when there is none that may be served. */
export const rollbackTarget = (world: World, name: string): number => {
  const state = world.store.read(name);
  const live = world.store.liveNumber(name);
  if (!state || live === undefined)
    throw new Failure("data", `${name} was never deployed: there is nothing to go back to`);
  const previous = state.generations
    .filter((generation) => generation.number < live && mayGoBackTo(generation, world.now()))
    .at(-1);
  if (!previous) {
    throw new Failure(
      "data",
      `${name} has no earlier generation that may be served (failed, revoked, expired, or ending within 7 days)`,
      {
        hints: [`make a new one: mailcert renew --force ${name}`],
      },
    );
  }
  return previous.number;
};

/** The caller holds the lock. What clients trust is not asked about: a person wants what was there before. */
export const rollback = async (
  world: World,
  certificate: CertificateConfig,
  options: DeployOptions,
): Promise<DeployResult> => {
  const number = rollbackTarget(world, certificate.name);
  const state = world.store.read(certificate.name);
  const live = world.store.liveNumber(certificate.name);
  const previous = state && generationOf(state, number);
  if (!previous) throw new Failure("data", `generation ${number} of ${certificate.name} is not recorded`);
  // Before anything is written: a target that cannot be served would stop every later run.
  await checkGeneration(world, certificate.name, previous);
  if (!options.replace) await refuseUnpromised(world, certificate, state, previous);
  const generations = state.generations.map((one) =>
    one.number === live ? { ...one, failed: "rolled back by hand" } : one,
  );
  const { baseline: _baseline, ...rest } = state;
  await world.store.write({ ...rest, generations, target: number, stage: "staged" });
  return deploy(world, certificate, { ...options, replace: true });
};

/** @throws Failure `config` where DNS tells others to refuse that generation's key or chain: a TLSA record may have followed the new key since. */
const refuseUnpromised = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  previous: GenerationRecord,
): Promise<void> => {
  const { name, servers } = certificate;
  await keepDnsPromises(world, {
    state,
    candidate: await candidateOfGeneration(world, name, previous),
    place: async () => ({ servers: (await findServers(world, certificate)).servers, auto: servers === "auto" }),
    ways: { resume: `run: mailcert rollback ${name}`, force: `mailcert rollback --replace ${name}` },
  });
};
