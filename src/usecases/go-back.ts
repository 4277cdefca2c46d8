// The way back: one generation, or, at a first deployment, the servers' settings as they were. Each certificate goes alone; the others stay.
import { entryUrl } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { DeployEnd, DeployOptions, DeployResult, Job } from "./deployment.ts";
import { deploymentFindings } from "./deployment-findings.ts";
import { finish } from "./finish.ts";
import { installAndProve, settleFirst } from "./install-and-prove.ts";
import { generationBefore } from "./intact.ts";
import { type Judged, finishJob } from "./judged.ts";
import { proveAgain } from "./prove-jobs.ts";
import { rememberRollback } from "./remember-rollback.ts";
import { switchTo } from "./switch-live.ts";
import { undoFirst } from "./undo-first.ts";
import type { World } from "./world.ts";

/** A server's default, broken, breaks everything on it: it goes first, and the others are looked at again. */
const firstToGo = (broken: readonly Judged[]): readonly Judged[] => {
  const mains = broken.filter(({ gathered: { entries, defaultOf } }) =>
    entries.some(({ installation, verdict }) => verdict === "broken" && defaultOf?.has(installation)),
  );
  return mains.length > 0 ? mains : broken;
};

/** New generations broke what worked: back one generation each, or, where there is none, the servers' settings as they were. By certificate. */
export const goBack = async (
  world: World,
  broken: readonly Judged[],
  options: DeployOptions,
): Promise<ReadonlyMap<string, DeployEnd>> => {
  const ends = new Map<string, DeployEnd>();
  let left = broken;
  while (left.length > 0) {
    const going = firstToGo(left);
    for (const [name, end] of await goTogether(world, going, options)) ends.set(name, end);
    const others = left.filter((one) => !going.includes(one));
    const again = others.length === 0 ? new Map<string, never>() : await proveAgain(world, others);
    left = [];
    const still: Judged[] = [];
    for (const one of others) {
      const entries = again.get(one.certificate.name) ?? one.gathered.entries;
      const judged = { ...one, gathered: { ...one.gathered, entries } };
      if (entries.some(({ verdict }) => verdict === "broken")) still.push(judged);
      else ends.set(one.certificate.name, await endOf(() => finishJob(world, judged)));
    }
    left = still;
  }
  return ends;
};

const endOf = async (job: () => Promise<DeployResult>): Promise<DeployEnd> => {
  try {
    return { result: await job() };
  } catch (error) {
    return { error };
  }
};

interface Back {
  readonly judged: Judged;
  readonly reason: string;
  readonly findings: readonly Finding[];
  readonly previous: GenerationRecord;
  readonly job: Job;
}

const reasonOf = ({ gathered: { entries } }: Judged): string => {
  const why = entries.find((entry) => entry.verdict === "broken");
  return `${why ? `${entryUrl(why.entry)} at ${why.entry.address}` : "an entry point"} gave no TLS handshake: ${why?.message ?? "unknown"}`;
};

const goTogether = async (
  world: World,
  going: readonly Judged[],
  options: DeployOptions,
): Promise<ReadonlyMap<string, DeployEnd>> => {
  const ends = new Map<string, DeployEnd>();
  const first: Judged[] = [];
  const back: Back[] = [];
  for (const judged of going) {
    const { certificate, state, target, gathered } = judged;
    const reason = reasonOf(judged);
    world.step(`${state.name}: generation ${target.number} broke what worked (${reason}): going back`);
    const findings = [...gathered.findings, ...deploymentFindings(gathered)];
    // Nothing of ours was served before, or everything was taken out since: what worked are the servers' own settings.
    if (
      Object.keys(state.deployments).length === 0 ||
      !state.generations.some(({ number }) => number < target.number)
    ) {
      first.push({ ...judged, gathered: { ...gathered, findings } });
      continue;
    }
    const previous = await generationBefore(world, state, target.number);
    if (!previous) {
      ends.set(certificate.name, await endOf(() => stay(world, judged)));
      continue;
    }
    const next = await backTo(world, state, target, previous, reason);
    back.push({
      judged,
      reason,
      findings,
      previous,
      job: { ...judged, state: next, target: previous, rereads: "all" },
    });
  }
  for (const [name, result] of await undoFirst(world, first)) ends.set(name, { result });
  for (const [name, end] of await serveAgain(world, back, options)) ends.set(name, end);
  return ends;
};

/** What was served before, proven as any other. */
const serveAgain = async (
  world: World,
  back: readonly Back[],
  options: DeployOptions,
): Promise<ReadonlyMap<string, DeployEnd>> => {
  const ends = new Map<string, DeployEnd>();
  if (back.length === 0) return ends;
  await settleFirst(
    world,
    back.map(({ job }) => job),
    options,
  );
  const jobs: Job[] = [];
  for (const { job } of back) jobs.push({ ...job, state: await switchTo(world, job.state, job.target) });
  const proofs = await installAndProve(world, jobs, options);
  for (const [index, one] of back.entries()) {
    const job = jobs[index];
    const proof = proofs.get(one.judged.certificate.name);
    if (!job || !proof) continue;
    const end = await endOf(async () => {
      const state: CertificateState = { ...job.state, stage: "reloaded" };
      return rolledBack(world, one, job, await finish(world, job.certificate, state, job.target, proof));
    });
    ends.set(job.certificate.name, end);
  }
  return ends;
};

const rolledBack = async (
  world: World,
  { judged: { target, certificate }, previous, reason, findings }: Back,
  { state }: Job,
  result: DeployResult,
): Promise<DeployResult> => {
  const message = `generation ${target.number} was taken back, generation ${previous.number} is ${result.outcome === "verified" ? "served again everywhere" : "live again"}: ${reason}`;
  const inARow = state.generations.filter(({ number, failed }) => number > previous.number && failed !== undefined);
  await rememberRollback(world, certificate, message, inARow.length);
  const told = new Set(result.findings.map((finding) => finding.message));
  return {
    ...result,
    outcome: "rolled-back",
    findings: [
      {
        check: "deploy-rolled-back",
        severity: "fault",
        message,
        hint: `find out why the server could not use the new files (its log says), then run: mailcert renew --force ${state.name}`,
      },
      ...findings.filter((finding) => finding.severity === "fault" && !told.has(finding.message)),
      ...result.findings,
    ],
  };
};

/** There is no earlier generation that may be served: the new one stays, and later runs try again. */
const stay = async (world: World, { certificate, state, target, gathered }: Judged): Promise<DeployResult> => {
  const finding: Finding = {
    check: "deploy-no-way-back",
    severity: "warning",
    message: `${state.name} has no earlier generation that may be served (failed, damaged, revoked, expired, or ending within 7 days): generation ${target.number} stays`,
    hint: `mend what the fault says, then run: mailcert deploy ${state.name}`,
  };
  return finish(world, certificate, state, target, { ...gathered, findings: [...gathered.findings, finding] });
};

/** The state in which `previous` is the target again; never served again: the generation that failed. */
const backTo = async (
  world: World,
  state: CertificateState,
  failed: GenerationRecord,
  previous: GenerationRecord,
  reason: string,
): Promise<CertificateState> => {
  const generations = state.generations.map((one) => (one.number === failed.number ? { ...one, failed: reason } : one));
  const { baseline: _baseline, ...rest } = state;
  // No baseline: whatever the failed generation did must not make the way back look broken.
  const next: CertificateState = { ...rest, generations, target: previous.number, stage: "staged", baseline: [] };
  await world.store.write(next);
  return next;
};
