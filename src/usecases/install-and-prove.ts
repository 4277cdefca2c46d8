// Gives every server of several certificates its settings, reloads each once where something changed for it, and proves the result on the wire.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { type Visited, markToRead, tellOthers } from "./client-trust.ts";
import type { Gathered, Job } from "./deployment.ts";
import type { Deployable } from "./entries.ts";
import { finishRemovals } from "./finish-removals.ts";
import { type InstallOptions, type InstalledSettings, configFinding, installSettings } from "./install-settings.ts";
import { orFailure } from "./one-failure.ts";
import { type Installed, proveJobs } from "./prove-jobs.ts";
import { servedCertificate, slotsOf } from "./served-certificate.ts";
import { type Serving, allOf, servingOn } from "./serving.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

const byInstallation = (jobs: readonly Job[]): ReadonlyMap<string, readonly Job[]> => {
  const found = new Map<string, Job[]>();
  for (const job of jobs)
    for (const { installation } of job.found) found.set(installation.id, [...(found.get(installation.id) ?? []), job]);
  return found;
};

const deployableOf = ({ found }: Job, id: string): Deployable => {
  const one = found.find(({ installation }) => installation.id === id);
  if (one) return one;
  throw new Error(`${id} is none of its servers`);
};

/** Where a server takes one certificate, or copies are made of one, that is all there is. */
export const servingFor = async (
  world: World,
  one: Deployable,
  { certificate, target }: Job,
  batch: readonly CertificateConfig[],
): Promise<Serving> =>
  one.server.sni
    ? servingOn(world, one, batch)
    : { main: servedCertificate(world, certificate.name, target), bySni: [] };

/** `mark`: what client certificates it is judged by, as it read them (client-trust.ts). */
type Visit = Installed & { readonly mark: string | undefined };

/** Settings once, a reload once, whatever the number of certificates. */
const installServer = async (
  world: World,
  id: string,
  jobs: readonly Job[],
  batch: readonly CertificateConfig[],
  options: InstallOptions,
): Promise<Visit> => {
  const [first] = jobs;
  if (!first) throw new Error(`nothing is deployed to ${id}`);
  const one = deployableOf(first, id);
  const serving = await servingFor(world, one, first, batch);
  const settings = await installOn(world, one, serving, options);
  const trouble: Finding[] = [];
  const certificates = jobs.map(({ certificate }) => certificate.name);
  const redone = settings.usable ? await refresh(world, one, serving, trouble) : false;
  const due = redone || settings.changes.length > 0 || jobs.some(({ rereads }) => rereads === "all" || rereads.has(id));
  const mark = due ? await markToRead(world, one.installation.server) : undefined;
  const reloaded = due && settings.usable && one.installation.running && (await reload(world, one, trouble));
  return { one, serving, settings, reloaded, trouble, certificates, mark };
};

/** Copies of keys and chains that the server keeps of its own. */
const refresh = async (
  world: World,
  { server, installation }: Deployable,
  serving: Serving,
  trouble: Finding[],
): Promise<boolean> => {
  const done = await orFailure(world, async () => server.refresh?.(installation, allOf(serving)) ?? []);
  if (done instanceof Failure) {
    trouble.push(configFinding(installation.id, done, "has copies that could not be made anew"));
    return false;
  }
  for (const what of done) {
    await recordChange(world, { what: `${installation.id}: ${what}` });
    world.step(`${installation.id}: ${what}`);
  }
  return done.length > 0;
};

const visitedOf = ({ one: { installation }, settings, reloaded, trouble, mark }: Visit): Visited => ({
  installation,
  reloaded: reloaded ? { mark } : undefined,
  failed: !settings.usable || trouble.length > 0,
});

/** By certificate: what was done and seen. The states are written as *reloaded* before the proof starts. */
export const installAndProve = async (
  world: World,
  jobs: readonly Job[],
  options: InstallOptions,
): Promise<ReadonlyMap<string, Gathered>> => {
  const batch = jobs.map(({ certificate }) => certificate);
  for (const what of await world.confine()) await recordChange(world, { what });
  const installed = new Map<string, Visit>();
  for (const [id, mine] of byInstallation(jobs)) {
    world.progress?.(`${id}: settings and reload`);
    installed.set(id, await installServer(world, id, mine, batch, options));
  }
  const reloaded = [...installed].flatMap(([id, one]) => (one.reloaded ? [id] : []));
  const open = await finishRemovals(
    world,
    reloaded,
    batch.map(({ name }) => name),
  );
  const untold = await tellOthers(world, [...installed.values()].map(visitedOf));
  for (const { state } of jobs) await world.store.write({ ...state, stage: "reloaded" });
  if (installed.size > 0) world.progress?.("connecting to each entry point, to see what is served now");
  const seen = await proveJobs(world, jobs, installed);
  const [first] = batch;
  // They are about certificates that no part of this run is for, or about none.
  return new Map(
    [...seen].map(([name, one]) => [
      name,
      name === first?.name ? { ...one, findings: [...one.findings, ...open, ...untold] } : one,
    ]),
  );
};

/** Settings first where that is safe: when what is live now has files for every slot of the generation to come, and for others too. */
export const settleFirst = async (world: World, jobs: readonly Job[], options: InstallOptions): Promise<void> => {
  const loses = ({ certificate: { name }, target }: Job): boolean => {
    const live = world.store.liveNumber(name);
    if (live === undefined || live === target.number) return false;
    const present = world.store.slotsIn(name, live);
    const wanted = slotsOf(target);
    return present.length > wanted.length && wanted.every((slot) => present.includes(slot));
  };
  const losing = jobs.filter(loses);
  const batch = jobs.map(({ certificate }) => certificate);
  const as = new Map(
    losing.map(({ certificate: { name }, target }) => [name, servedCertificate(world, name, target)] as const),
  );
  for (const [id, [first]] of byInstallation(losing)) {
    if (!first) continue;
    const one = deployableOf(first, id);
    const serving = one.server.sni
      ? await servingOn(world, one, batch, as)
      : await servingFor(world, one, first, batch);
    await installOn(world, one, serving, options);
  }
};

/** One server that cannot be changed must not keep the others from being reloaded; a run that was stopped there leaves them alone. */
const installOn = async (
  world: World,
  one: Deployable,
  serving: Serving,
  options: InstallOptions,
): Promise<InstalledSettings> => {
  const settings = await orFailure(world, () => installSettings(world, one, serving, options));
  if (!(settings instanceof Failure)) return settings;
  if (world.signal.aborted) throw settings;
  return { changes: [], findings: [configFinding(one.installation.id, settings)], usable: false };
};

const reload = async (world: World, { server, installation }: Deployable, findings: Finding[]): Promise<boolean> => {
  world.step(`${installation.id}: ${installation.restarts ? "restart" : "reload"}`);
  const failure = await orFailure(world, () => server.reload(installation));
  if (!(failure instanceof Failure)) return true;
  findings.push(configFinding(installation.id, failure));
  return false;
};
