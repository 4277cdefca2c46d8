// Deploy: switch `live`, point the servers at it, reload, prove on the wire; go back where the new generation broke what worked.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { generationOf, targetOf } from "../domain/generation.ts";
import { keyMatches } from "../domain/key-match.ts";
import type { Slot } from "../domain/keys.ts";
import { emptyState, withLiveKeys } from "../domain/state.ts";
import { type Baseline, mayGoBackTo } from "../domain/verdict.ts";
import type { ServedCertificate } from "../servers/server.ts";
import type { CertificateState, EntryRecord, GenerationRecord } from "../store/store.ts";
import { refuseWorse } from "./better-trusted.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { deploymentFindings } from "./deployment-findings.ts";
import { type Deployable, findServers } from "./entries.ts";
import { type InstallOptions, type InstalledSettings, installSettings } from "./install-settings.ts";
import { rememberFailure } from "./issue.ts";
import { type ProofTarget, type ProvedEntry, entryKey, observeBaseline, proofTargets, prove } from "./prove.ts";
import { revertSettings } from "./revert-settings.ts";
import type { World } from "./world.ts";

export interface DeployOptions extends InstallOptions {
  /** Go on although a better trusted certificate is served now. */
  readonly replace: boolean;
}

export interface DeployedServer {
  readonly id: string;
  readonly server: string;
  readonly version: string;
  readonly running: boolean;
  readonly changes: readonly string[];
  readonly reloaded: boolean;
}

export interface DeployResult {
  readonly certificate: string;
  /** The generation that is live now. */
  readonly generation: GenerationRecord;
  /** `no-server`: nothing on this host serves it. `unproven`: stale, failing or not reloadable; later runs retry. */
  readonly outcome: "verified" | "unproven" | "rolled-back" | "no-server";
  readonly servers: readonly DeployedServer[];
  readonly entries: readonly ProvedEntry[];
  readonly findings: readonly Finding[];
}

/** How long an old leaf may still turn into the new one after a reload. */
const patienceMs = 30_000;

/** Brings the target generation of a certificate to *verified*. The caller holds the lock. @throws Failure `data` when nothing was issued yet. */
export const deploy = async (world: World, certificate: CertificateConfig, options: DeployOptions): Promise<DeployResult> => {
  const { parked: _parked, ...state } = world.store.read(certificate.name) ?? emptyState(certificate.name);
  const target = targetOf(state);
  if (!target) {
    throw new Failure("data", `nothing was issued for ${certificate.name} yet`, { hints: [`run: mailcert issue ${certificate.name}`] });
  }
  await checkGeneration(world, certificate.name, target.number);
  const found = await findServers(world, certificate);
  const targets = proofTargets(found, target.names, slotsOf(target), world.localAddresses());

  if (state.stage === "verified" || state.stage === "reloaded") {
    const quick = await proveQuickly(world, state, target, found, targets, options);
    if (quick) return quick;
  }
  const ready = await withBaseline(world, state, target, targets, options);
  const live = await switchTo(world, ready, target);
  return installAndProve(world, certificate, live, target, found, targets, options);
};

const slotsOf = (generation: GenerationRecord): readonly Slot[] => Object.keys(generation.leaves) as Slot[];

const servedCertificate = (world: World, name: string, generation: GenerationRecord): ServedCertificate => ({
  name,
  names: generation.names,
  slots: world.store.livePaths(name, slotsOf(generation)),
});

/** Never switch to a pair that does not belong together, whatever happened to the files. */
const checkGeneration = async (world: World, name: string, number: number): Promise<void> => {
  const slots = await world.store.readGeneration(name, number);
  const files = Object.values(slots);
  if (files.length === 0 || files.some((slot) => !keyMatches(slot.privateKey, slot.leaf))) {
    throw new Failure("data", `generation ${number} of ${name} is damaged: its key and certificate do not belong together`, {
      hints: [`make a new one: mailcert renew --force ${name}`],
    });
  }
};

const expectedOf = (generation: GenerationRecord): Partial<Record<Slot, string>> =>
  Object.fromEntries(Object.entries(generation.leaves).map(([slot, leaf]) => [slot, leaf.sha256]));

/** Settings in place and the new leaf served already (a finished run, or a server that came round by itself): nothing to reload. */
const proveQuickly = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
  targets: readonly ProofTarget[],
  options: DeployOptions,
): Promise<DeployResult | undefined> => {
  if (world.store.liveNumber(state.name) !== target.number || found.length === 0) return undefined;
  const certificate = servedCertificate(world, state.name, target);
  const findings: Finding[] = [];
  for (const { server, installation } of found) {
    const plan = await server.plan(installation, certificate);
    const overrides = await server.readBack(installation, certificate);
    if (plan.changes.length > 0 || overrides.length > 0) return undefined;
    findings.push(...plan.notes);
  }
  void options;
  const entries = await prove(world, {
    targets,
    expected: expectedOf(target),
    baseline: baselineOf(state),
    ehlo: target.names[0] ?? "localhost",
    patienceMs: 0,
  });
  if (entries.some((entry) => entry.verdict === "stale" || entry.verdict === "broken" || entry.verdict === "failing")) return undefined;
  const servers = found.map((one) => deployedServer(one, { changes: [], findings: [], usable: true }, false));
  return finish(world, state, target, { servers, entries, findings });
};

const deployedServer = ({ installation }: Deployable, settings: InstalledSettings, reloaded: boolean): DeployedServer => ({
  id: installation.id,
  server: installation.server,
  version: installation.version,
  running: installation.running,
  changes: settings.changes,
  reloaded,
});

const baselineKey = (url: string, address: string, slot: Slot): string => `${url} ${address} ${slot}`;

const baselineOf = (state: CertificateState): ReadonlyMap<string, Baseline> =>
  new Map((state.baseline ?? []).map((entry) => [baselineKey(entry.url, entry.address, entry.slot), entry]));

/** Writes down what each entry point does before anything is switched; a resumed run keeps what the first one saw. */
const withBaseline = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  targets: readonly ProofTarget[],
  options: DeployOptions,
): Promise<CertificateState> => {
  if (state.baseline && world.store.liveNumber(state.name) === target.number) return state;
  const observed = await observeBaseline(world, targets, target.names[0] ?? "localhost");
  if (!options.replace) await refuseWorse(world, state, target, observed);
  const baseline = observed.map(({ target: { entry, slot }, baseline: seen }) => ({
    url: entryUrl(entry),
    address: entry.address,
    slot,
    ...seen,
  }));
  const next: CertificateState = { ...state, stage: "staged", baseline };
  await world.store.write(next);
  return next;
};

const switchTo = async (world: World, state: CertificateState, target: GenerationRecord): Promise<CertificateState> => {
  const before = world.store.liveNumber(state.name);
  if (before !== target.number) {
    await world.store.switchLive(state.name, target.number);
    await world.store.record({
      at: world.now().toISOString(),
      run: world.run,
      command: world.command,
      certificate: state.name,
      what: `live: generation ${before ?? "none"} -> ${target.number}`,
      undo: `mailcert rollback ${state.name}`,
    });
    world.step(`${state.name}: live is generation ${target.number}`);
  }
  const next: CertificateState = { ...withLiveKeys(state, target.number), stage: "switched" };
  await world.store.write(next);
  return next;
};

const installAndProve = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
  targets: readonly ProofTarget[],
  options: DeployOptions,
): Promise<DeployResult> => {
  const served = servedCertificate(world, state.name, target);
  const findings: Finding[] = [];
  const servers: DeployedServer[] = [];
  for (const what of await world.confine()) world.step(what);
  for (const one of found) {
    const settings = await installSettings(world, one, served, options);
    findings.push(...settings.findings);
    const reload = settings.usable && one.installation.running;
    if (reload) {
      world.step(`${one.installation.id}: reload`);
      await one.server.reload(one.installation);
    }
    servers.push(deployedServer(one, settings, reload));
  }
  const reloaded: CertificateState = { ...state, stage: "reloaded" };
  await world.store.write(reloaded);
  const unusable = new Set(found.filter((_, index) => servers[index]?.running && !servers[index]?.reloaded).map((one) => one.installation.id));
  const entries = await prove(world, {
    targets,
    expected: expectedOf(target),
    baseline: baselineOf(state),
    ehlo: target.names[0] ?? "localhost",
    // A server that could not be reloaded will not come round: there is nothing to wait for.
    patienceMs: unusable.size === found.length ? 0 : patienceMs,
  });
  if (entries.some((entry) => entry.verdict === "broken")) {
    return goBack(world, certificate, reloaded, target, { servers, entries, findings }, options);
  }
  return finish(world, reloaded, target, { servers, entries, findings });
};

type Gathered = Pick<DeployResult, "servers" | "entries" | "findings">;

const records = (entries: readonly ProvedEntry[], installation: string): readonly EntryRecord[] =>
  entries
    .filter((entry) => entry.installation === installation)
    .map((entry) => ({
      url: entryUrl(entry.entry),
      address: entry.entry.address,
      verdict: entry.verdict,
      ...(entry.leaf === undefined ? {} : { leaf: entry.leaf }),
      ...(entry.message === undefined ? {} : { message: entry.message }),
    }));

/** Writes down how it ended: verified, or what later runs are to finish. */
const finish = async (world: World, state: CertificateState, target: GenerationRecord, gathered: Gathered): Promise<DeployResult> => {
  const findings = [...gathered.findings, ...deploymentFindings(gathered)];
  const fault = findings.some((finding) => finding.severity === "fault");
  const deployments = Object.fromEntries(
    gathered.servers.map((server) => [
      server.id,
      { server: server.server, generation: target.number, at: world.now().toISOString(), entries: records(gathered.entries, server.id) },
    ]),
  );
  const { lastError: _error, nextAttempt: _next, ...rest } = state;
  if (!fault) {
    const { baseline: _baseline, ...settled } = rest;
    await world.store.write({ ...settled, deployments, stage: "verified", attempts: 0 });
    await world.store.prune(state.name, kept(state, target.number));
  } else {
    await world.store.write({ ...state, deployments, stage: "reloaded" });
    const first = findings.find((finding) => finding.severity === "fault");
    await rememberFailure(world, state.name, "deploy", new Failure("unavailable", first?.message ?? "not proven"));
  }
  const outcome = gathered.servers.length === 0 ? "no-server" : fault ? "unproven" : "verified";
  return { certificate: state.name, generation: target, outcome, ...gathered, findings };
};

/** The live generation and the two before it. */
const kept = (state: CertificateState, live: number): readonly number[] =>
  [live, ...state.generations.map(({ number }) => number).filter((number) => number < live).toSorted((a, b) => b - a).slice(0, 2)];

/** The new generation broke what worked: back one generation, or, where there is none, the servers' settings as they were. */
const goBack = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  gathered: Gathered,
  options: DeployOptions,
): Promise<DeployResult> => {
  const why = gathered.entries.find((entry) => entry.verdict === "broken");
  const reason = `${why ? `${entryUrl(why.entry)} at ${why.entry.address}` : "an entry point"} gave no TLS handshake: ${why?.message ?? "unknown"}`;
  world.step(`${state.name}: generation ${target.number} broke what worked (${reason}): going back`);
  const findings = [...gathered.findings, ...deploymentFindings(gathered)];
  const previous = state.generations
    .filter((generation) => generation.number < target.number && mayGoBackTo(generation, world.now()))
    .at(-1);
  if (!previous) return undoFirst(world, state, target, { ...gathered, findings });
  const back = await backTo(world, state, target, previous, reason);
  const found = await findServers(world, certificate);
  const targets = proofTargets(found, previous.names, slotsOf(previous), world.localAddresses());
  const switched = await switchTo(world, back, previous);
  const result = await installAndProve(world, certificate, switched, previous, found, targets, options);
  await rememberFailure(world, state.name, "deploy", new Failure("unavailable", reason));
  return {
    ...result,
    outcome: "rolled-back",
    findings: [
      {
        check: "deploy-rolled-back",
        severity: "fault",
        message: `generation ${target.number} was taken back, generation ${previous.number} is ${result.outcome === "verified" ? "served again everywhere" : "live again"}: ${reason}`,
        hint: `find out why the server could not use the new files (its log says), then run: mailcert renew --force ${state.name}`,
      },
      ...findings.filter((finding) => finding.severity === "fault"),
      ...result.findings,
    ],
  };
};

/** The state in which `previous` is the target again; never served again: the generation that failed. */
export const backTo = async (
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

/** The first deployment broke something: the servers get their own settings back; the generation stays staged. */
const undoFirst = async (world: World, state: CertificateState, target: GenerationRecord, gathered: Gathered): Promise<DeployResult> => {
  const reverted = await revertSettings(world, state.name);
  const { baseline: _baseline, ...rest } = state;
  await world.store.write({ ...rest, stage: "staged" });
  const first = gathered.findings.find((finding) => finding.severity === "fault");
  await rememberFailure(world, state.name, "deploy", new Failure("unavailable", first?.message ?? "not proven"));
  return {
    certificate: state.name,
    generation: generationOf(state, target.number) ?? target,
    outcome: "rolled-back",
    ...gathered,
    findings: [
      {
        check: "deploy-rolled-back",
        severity: "fault",
        message: `the servers' settings were put back as they were (${reverted.reverted.length} changes): a server could not use the new files`,
        hint: `its log says why; then run: mailcert deploy ${state.name}`,
      },
      ...gathered.findings,
    ],
  };
};

export { entryKey };
