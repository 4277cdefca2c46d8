// Deploy: switch `live`, point the servers at it, reload, prove on the wire; go back where the new generation broke what worked.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { DeployEnd, DeployOptions, DeployResult, Gathered } from "./deployment.ts";
import { exposedFindings } from "./exposed-keys.ts";
import { hasHooks } from "../domain/hook.ts";
import { finish } from "./finish.ts";
import { goBack } from "./go-back.ts";
import { installAndProve, settleFirst } from "./install-and-prove.ts";
import { type Judged, finishJob } from "./judged.ts";
import { grantKeys } from "./key-readers.ts";
import { stopped } from "./one-failure.ts";
import { type PreparedJob, prepareJob, refuseUnpromised } from "./prepare-job.ts";
import { addressesFor, proofTargets } from "./prove.ts";
import { proveQuickly } from "./quick-proof.ts";
import { rememberLooks } from "./remember-looks.ts";
import { slotsOf } from "./served-certificate.ts";
import { switchTo, withBaseline } from "./switch-live.ts";
import type { World } from "./world.ts";

/** Brings the target generation of a certificate to *verified*. The caller holds the lock. @throws Failure `data` when nothing was issued yet. */
export const deploy = async (
  world: World,
  certificate: CertificateConfig,
  options: DeployOptions,
): Promise<DeployResult> => {
  const end = (await deployTogether(world, [certificate], options)).get(certificate.name);
  if (end && "result" in end) return end.result;
  throw end?.error ?? new Error(`${certificate.name} was not deployed`);
};

/**
 * The same for several: all are switched, then each server gets its settings and is reloaded once, then each certificate is proven for each of its names.
 * One that cannot be deployed, or is broken, keeps the others from nothing. By name.
 */
export const deployTogether = async (
  world: World,
  certificates: readonly CertificateConfig[],
  options: DeployOptions,
): Promise<ReadonlyMap<string, DeployEnd>> => {
  const ends = await withExposed(world, await deployAtOnce(world, certificates, options));
  if (certificates.some(({ places }) => places)) await (await import("./handed-over.ts")).handOver(world, ends);
  return certificates.some(hasHooks) ? (await import("./hooks.ts")).followUp(world, certificates, ends) : ends;
};

/** What was answered once in a run is not asked again. */
const askingOnce = (accept: DeployOptions["accept"]): DeployOptions["accept"] => {
  const answers = new Map<string, Promise<boolean>>();
  return (question) => {
    const answer = answers.get(question) ?? accept(question);
    answers.set(question, answer);
    return answer;
  };
};

const deployAtOnce = async (
  given: World,
  certificates: readonly CertificateConfig[],
  asked: DeployOptions,
): Promise<ReadonlyMap<string, DeployEnd>> => {
  const world = rememberLooks(given);
  const options = { ...asked, accept: askingOnce(asked.accept) };
  const ends = new Map<string, DeployEnd>();
  const forEach = async <Item extends { readonly certificate: CertificateConfig }, Result>(
    items: readonly Item[],
    job: (item: Item) => Promise<Result>,
  ): Promise<readonly Result[]> => {
    const results: Result[] = [];
    for (const item of items) {
      try {
        if (world.signal.aborted && certificates.length > 1) throw stopped();
        results.push(await job(item));
      } catch (error) {
        ends.set(item.certificate.name, { error });
      }
    }
    return results;
  };
  const tell = (result: DeployResult): void => void ends.set(result.certificate, { result });

  const prepared = await forEach(
    certificates.map((certificate) => ({ certificate })),
    ({ certificate }) => prepareJob(world, certificate, certificates),
  );
  const { proven, rest } = await proveQuickly(world, prepared, options);
  await forEach(
    prepared.filter(({ certificate }) => proven.has(certificate.name)),
    async ({ certificate, state, target }) =>
      tell(await finish(world, certificate, state, target, proven.get(certificate.name) ?? nothing)),
  );
  const ready = await forEach(rest, (job) => makeReady(world, job, certificates.length, options));
  await settleFirst(world, ready, options);
  const switched = await forEach(ready, async (job) => {
    await grantKeys(world, job.state, job.keyGroup);
    return { ...job, state: await switchTo(world, job.state, job.target) };
  });
  if (switched.length === 0) return ends;
  const gathered = await installAndProve(world, switched, options);
  const judged = switched.map((job) => {
    const seen = gathered.get(job.certificate.name) ?? nothing;
    const { notes, unsure, left } = job;
    const findings = [...notes, ...unsure, ...left, ...seen.findings];
    return { ...job, state: { ...job.state, stage: "reloaded" as const }, gathered: { ...seen, findings } };
  });
  const isBroken = ({ gathered: { entries } }: Judged): boolean => entries.some(({ verdict }) => verdict === "broken");
  // Those that stay first: they are done whatever becomes of the others.
  await forEach(
    judged.filter((one) => !isBroken(one)),
    async (one) => tell(await finishJob(world, one)),
  );
  const broken = judged.filter(isBroken);
  if (broken.length > 0) for (const [name, end] of await goBack(world, broken, options)) ends.set(name, end);
  return ends;
};

/** Its keys are looked at whenever it is: `doctor` is run by nobody. */
const withExposed = async (
  world: World,
  ends: ReadonlyMap<string, DeployEnd>,
): Promise<ReadonlyMap<string, DeployEnd>> => {
  const after = new Map<string, DeployEnd>();
  for (const [name, end] of ends) {
    const findings = "result" in end ? await exposedFindings(world, name, slotsOf(end.result.generation)) : [];
    const found = "result" in end && findings.length > 0;
    after.set(name, found ? { result: { ...end.result, findings: [...end.result.findings, ...findings] } } : end);
  }
  return after;
};

const nothing: Gathered = { servers: [], entries: [], findings: [] };

/** What DNS tells others about it, and what each entry point does before the switch. */
const makeReady = async (world: World, job: PreparedJob, certificates: number, options: DeployOptions) => {
  const { certificate, state: stored, target, found } = job;
  const targets = proofTargets(
    found,
    target.names,
    slotsOf(target),
    world.localAddresses(),
    addressesFor(certificates),
  );
  const { state, findings: unsure } = options.replace
    ? { state: stored, findings: [] }
    : await refuseUnpromised(world, certificate, stored, target, found);
  const before = await withBaseline(world, state, target, targets, options);
  if (!hasHooks(certificate)) return { ...job, state: before, unsure };
  const { beforeSwitch } = await import("./hooks.ts");
  return { ...job, state: await beforeSwitch(world, certificate, before, target, found), unsure };
};
