// Looks whether certificates are served already, settings and all: what a finished run left, or a server that came round by itself.
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import type { Gathered } from "./deployment.ts";
import { unanswered } from "./answered-notes.ts";
import { trustIsBehind } from "./client-trust.ts";
import type { Deployable } from "./entries.ts";
import { servingFor } from "./install-and-prove.ts";
import { type InstallOptions, overrideFinding } from "./install-settings.ts";
import { leftAtServices } from "./left-at-services.ts";
import { orFailure } from "./one-failure.ts";
import { hasOtherReload } from "./outdated-copies.ts";
import { overrideWords, questionOf } from "./override-words.ts";
import type { PreparedJob } from "./prepare-job.ts";
import { deployedServer, howServed } from "./prove-jobs.ts";
import { type ProvedEntry, addressesFor, proofTargets } from "./prove.ts";
import { proveTogether } from "./prove-together.ts";
import { baselineOf, servedCertificate, slotsOf } from "./served-certificate.ts";
import { type Serving, mainOf, namesAt } from "./serving.ts";
import type { World } from "./world.ts";

export interface QuickProof {
  /** Those that are served as they should be, with what was seen: nothing to reload. */
  readonly proven: ReadonlyMap<string, Gathered>;
  /** The others, with the servers that have something to do. */
  readonly rest: readonly PreparedJob[];
}

/** Only what a run has deployed to all of its servers, and nobody took out since. */
const maySettle = (world: World, { state, target, found, left, keyGroup }: PreparedJob): boolean =>
  (state.stage === "verified" || state.stage === "reloaded") &&
  left.length === 0 &&
  state.keyGroup === keyGroup &&
  world.store.liveNumber(state.name) === target.number &&
  found.length > 0 &&
  found.every(({ installation: { id } }) => state.deployments[id] !== undefined);

interface Look {
  readonly serving: Serving;
  /** undefined: there are settings to make. */
  readonly notes: readonly Finding[] | undefined;
}

const lookAt = async (
  world: World,
  one: Deployable,
  job: PreparedJob,
  batch: readonly PreparedJob[],
  accept: InstallOptions["accept"],
): Promise<Look> => {
  const { server, installation, trouble } = one;
  const certificates = batch.map(({ certificate }) => certificate);
  const serving = await servingFor(world, one, job, certificates);
  if (trouble || (await trustIsBehind(world, installation.server))) return { serving, notes: undefined };
  const bySni = server.sni ? serving.bySni : undefined;
  const seen = await orFailure(world, async () => {
    const plan = await server.plan(installation, mainOf(serving), bySni, serving.placed);
    const overrides =
      plan.changes.length > 0 ? [] : await server.readBack(installation, mainOf(serving), bySni, serving.placed);
    if (plan.changes.length > 0 || overrides.some(({ bearable }) => !bearable)) return undefined;
    // What nobody misses needs no change, unless somebody says yes to it.
    const words = overrides.map((override) => [override, overrideWords(one, override)] as const);
    for (const [override, said] of words) if (await accept(questionOf(override, said))) return undefined;
    if ((await leftAtServices(world, installation, plan)).length > 0) return undefined;
    if (installation.server === copies && (await hasOtherReload(world, job.certificate, installation.id)))
      return undefined;
    // What it has in memory says nothing of its next start.
    await server.check(installation);
    return [...plan.notes, ...words.map(([override, said]) => overrideFinding(override, said))];
  });
  // Given up at the question, or a signal: no other server is touched for it.
  if (seen instanceof Failure && world.signal.aborted) throw seen;
  return { serving, notes: seen instanceof Failure ? undefined : seen };
};

/** So were some of its entry points after the last reload, with the same files and settings: another one would end the same way. */
const failedBefore = ({ state, target }: PreparedJob, { installation, verdict }: ProvedEntry): boolean => {
  const before = state.deployments[installation];
  if (verdict !== "failing" || before?.generation !== target.number || before.unsettled) return false;
  return before.entries.some((one) => one.verdict === "failing");
};

const isFine = ({ verdict }: ProvedEntry): boolean => !["stale", "broken", "failing"].includes(verdict);

/** What a run left undone is done again where nobody can look whether it came round: copies without entry points whose program refused. */
const unseenOf = ({ found }: PreparedJob, entries: readonly ProvedEntry[]): readonly string[] => {
  const isSeen = ({ verdict }: ProvedEntry): boolean => verdict !== "unobservable" && verdict !== "own-certificate";
  const seen = new Set(entries.filter(isSeen).map(({ installation }) => installation));
  return found.map(({ installation: { id } }) => id).filter((id) => !seen.has(id));
};

/** Settings were changed and the server was not made to read them: that it serves the leaf says nothing of the others, such as who may relay. */
const unreadOf = ({ state, target, found }: PreparedJob): readonly string[] =>
  found
    .map(({ installation: { id } }) => id)
    .filter((id) => state.deployments[id]?.unsettled === true && state.deployments[id]?.generation === target.number);

export const proveQuickly = async (
  world: World,
  jobs: readonly PreparedJob[],
  { accept }: Pick<InstallOptions, "accept">,
): Promise<QuickProof> => {
  const settled = jobs.filter((job) => maySettle(world, job));
  const looks = new Map<string, Look>();
  for (const job of settled) {
    if (job.state.keyGroup !== undefined) await world.store.letRead(job.state.name, job.state.keyGroup);
    for (const one of job.found) {
      const { id } = one.installation;
      if (!looks.has(id)) looks.set(id, await lookAt(world, one, job, jobs, accept));
    }
  }
  const targets = settled.map((job) => {
    const served = servedCertificate(world, job.certificate.name, job.target);
    const all = job.found.flatMap((one) => {
      const look = looks.get(one.installation.id);
      const names = look && one.server.sni ? namesAt(look.serving, served) : job.target.names;
      // Where there are settings to make, the proof comes after.
      if (look?.notes === undefined) return [];
      return proofTargets([one], names, slotsOf(job.target), world.localAddresses(), addressesFor(jobs.length));
    });
    return { job, targets: all, baseline: baselineOf(job.state) };
  });
  const entries = await proveTogether(world, targets, { patienceMs: () => 0 });
  const proven = new Map<string, Gathered>();
  const rereads = new Map<string, ReadonlySet<string>>();
  const told = new Set<string>();
  for (const [index, job] of settled.entries()) {
    const mine = entries[index] ?? [];
    const unsettled = job.found.flatMap(({ installation: { id } }) => (looks.get(id)?.notes === undefined ? [id] : []));
    const wrong = mine.filter((entry) => !isFine(entry));
    const bad = wrong.filter((entry) => !failedBefore(job, entry)).map(({ installation }) => installation);
    const unseen = job.state.stage === "verified" ? [] : [...unreadOf(job), ...unseenOf(job, mine)];
    if (unsettled.length + wrong.length + unseen.length === 0) {
      const servers = job.found.map((one) => {
        const look = looks.get(one.installation.id);
        const how = look ? howServed(one, look.serving, job.certificate) : {};
        return deployedServer(one, { changes: [] }, { reloaded: false, certificates: [], ...how });
      });
      // What is about a server is told with the first certificate of it.
      const fresh = job.found.filter(({ installation }) => !told.has(installation.id));
      for (const { installation } of fresh) told.add(installation.id);
      const refused = job.notes.filter(({ check }) => check === "deploy-place");
      const looked = fresh.flatMap(({ installation: { id } }) => unanswered(looks.get(id)?.notes ?? [], id, job.found));
      const findings = [...refused, ...looked];
      proven.set(job.certificate.name, { servers, entries: mine, findings });
    } else rereads.set(job.certificate.name, new Set([...bad, ...unsettled, ...unseen]));
  }
  const rest = jobs
    .filter(({ certificate }) => !proven.has(certificate.name))
    .map((job) => ({ ...job, rereads: rereads.get(job.certificate.name) ?? job.rereads }));
  return { proven, rest };
};
