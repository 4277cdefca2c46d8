// Writes down how a deployment ended: verified, or what later runs are to finish.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { rawEntry } from "../domain/certificate-settings.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import { copies, copiesId, targetMark } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import { differsFrom, targetOf } from "../domain/generation.ts";
import { doomedGenerations, whyRevoked } from "../domain/revocation.ts";
import { isOfStopped } from "../domain/stopped-server.ts";
import type { CertificateState, DeploymentRecord, EntryRecord, GenerationRecord } from "../store/store.ts";
import type { DeployResult, DeployedServer, Gathered } from "./deployment.ts";
import { changesInForce } from "./changes-in-force.ts";
import { type ServedBefore, deploymentFindings, isUnsettled } from "./deployment-findings.ts";
import { retireCopies } from "./outdated-copies.ts";
import { rememberFailure } from "./remember-failure.ts";
import { servedCertificate } from "./served-certificate.ts";
import type { ProvedEntry } from "./prove.ts";
import { lastServedOf, offOf } from "./stopped-servers.ts";
import type { World } from "./world.ts";

const records = (entries: readonly ProvedEntry[], installation: string): readonly EntryRecord[] =>
  entries
    .filter((entry) => entry.installation === installation)
    .map((entry) => ({
      url: entryUrl(entry.entry),
      address: entry.entry.address,
      slot: entry.slot,
      verdict: entry.verdict,
      ...(entry.leaf === undefined ? {} : { leaf: entry.leaf }),
      ...(entry.message === undefined ? {} : { message: entry.message }),
    }));

/** Writes down how it ended: verified, or what later runs are to finish. */
export const finish = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  seen: Gathered,
): Promise<DeployResult> => {
  const gathered = await withoutOutdated(world, certificate, target, seen);
  const stale = gathered.entries.some(({ verdict }) => verdict === "stale");
  // Where nothing was reloaded they are all old, and something else says why.
  const servers = gathered.servers.filter(({ reloaded }) => reloaded).map(({ id, server }) => [id, server] as const);
  const ofProcesses = stale ? await oldOnes(world, state.name, servers) : [];
  const before = await servedByStopped(world, state, gathered);
  const findings = [...gathered.findings, ...deploymentFindings(gathered, before), ...ofProcesses];
  // One that does not run is an outage, and no failure of the deployment: the next run looks again, without a wait.
  const fault = findings.some((finding) => finding.severity === "fault" && !isOfStopped(finding));
  // Nothing is proven of a server that does not run: the next run looks again.
  const stopped = gathered.servers.filter((server) => !server.running);
  const deployments = Object.fromEntries(
    gathered.servers.map((server) => [
      server.id,
      {
        server: server.server,
        generation: target.number,
        at: world.now().toISOString(),
        ...(server.byName ? { byName: true as const } : {}),
        ...(server.places ? { places: server.places } : {}),
        ...markOf(certificate, server),
        ...servedBefore(state.deployments[server.id], server),
        ...(isUnsettled(gathered, server.id) ? { unsettled: true as const } : {}),
        entries: records(gathered.entries, server.id),
      },
    ]),
  );
  const known = withEntry(state, certificate);
  const { lastError: _error, nextAttempt: _next, ...rest } = known;
  if (!fault) {
    const { baseline: _baseline, ...settled } = rest;
    // A server that is installed later is found by the next run: until then nothing was proven.
    const awaits = gathered.servers.length === 0 && gathered.awaitsServer;
    const stage = awaits ? "switched" : stopped.length > 0 ? "reloaded" : "verified";
    await world.store.write({ ...settled, deployments, stage, attempts: 0 });
    await world.store.prune(state.name, kept(state, target.number, world.now()));
  } else {
    const owed = await notTakenBack(world, state, gathered);
    await world.store.write({ ...known, deployments: { ...owed, ...deployments }, stage: "reloaded" });
    const first = findings.find((finding) => finding.severity === "fault");
    const hints = first?.hint === undefined ? [] : [first.hint];
    const failure = new Failure("unavailable", first?.message ?? "not proven", { hints });
    await rememberFailure(world, certificate, "deploy", failure);
  }
  const outcome = outcomeOf(gathered, fault, stopped);
  const { entries } = gathered;
  const forOthers =
    certificate.servers !== "auto" && certificate.servers.length === 0 && !certificate.files ? { forOthers: true } : {};
  return {
    certificate: state.name,
    generation: target,
    outcome,
    ...forOthers,
    servers: gathered.servers,
    entries,
    findings,
  };
};

/** What would bring it back once it left the configuration is the entry that it was served by last. */
const withEntry = (state: CertificateState, certificate: CertificateConfig): CertificateState => {
  const target = targetOf(state);
  if (!target || differsFrom(target, certificate) !== undefined) return state;
  const entry = Object.fromEntries(rawEntry(certificate));
  const generations = state.generations.map((one) => (one === target ? { ...one, entry } : one));
  return { ...state, generations };
};

/** Servers that are not named for it any more and still have settings or copies of it: the next run takes them back. */
const notTakenBack = async (
  world: World,
  { name, deployments }: CertificateState,
  { servers }: Gathered,
): Promise<CertificateState["deployments"]> => {
  const present = new Set(servers.map(({ id }) => id));
  const gone = Object.entries(deployments).filter(([id]) => !present.has(id));
  if (gone.length === 0) return {};
  const open = changesInForce(await world.store.events()).filter(({ certificate }) => certificate === name);
  return Object.fromEntries(gone.filter(([id]) => open.some(({ change }) => change?.installation === id)));
};

/** Those that do not run now, and were seen to serve it. */
const servedByStopped = async (
  world: World,
  { name, deployments }: CertificateState,
  { servers }: Gathered,
): Promise<ServedBefore> => {
  const found = new Map<string, { name: string; lastServed: string; off?: string }>();
  for (const { id, server, running } of servers) {
    const record = running || server === copies ? undefined : deployments[id];
    const lastServed = record && lastServedOf(record);
    if (lastServed !== undefined) found.set(id, { name, lastServed, ...(await offOf(world, server)) });
  }
  return found;
};

/** One that runs is looked at; of one that does not, when it last served. */
const servedBefore = (
  before: DeploymentRecord | undefined,
  { running }: DeployedServer,
): Pick<DeploymentRecord, "lastServed"> => {
  const lastServed = before && !running ? lastServedOf(before) : undefined;
  return lastServed === undefined ? {} : { lastServed };
};

const markOf = ({ name, files = [] }: CertificateConfig, { id }: DeployedServer): { readonly target?: string } => {
  const target = files.find((one) => copiesId(name, one.name) === id);
  return target ? { target: targetMark(target) } : {};
};

/** Where all is as it should be, what an earlier entry of `files:` copied goes. */
const withoutOutdated = async (
  world: World,
  certificate: CertificateConfig,
  target: GenerationRecord,
  gathered: Gathered,
): Promise<Gathered> => {
  if (!certificate.files) return gathered;
  if ([...gathered.findings, ...deploymentFindings(gathered)].some(({ severity }) => severity === "fault"))
    return gathered;
  const served = servedCertificate(world, certificate.name, target);
  const { changes, findings } = await retireCopies(world, certificate, served);
  const servers = gathered.servers.map((server) => ({
    ...server,
    changes: [...server.changes, ...(changes.get(server.id) ?? [])],
  }));
  return { ...gathered, servers, findings: [...gathered.findings, ...findings] };
};

/** What stays stale may be served by processes that were never told. */
const oldOnes = async (
  world: World,
  name: string,
  servers: readonly (readonly [id: string, server: string])[],
): Promise<readonly Finding[]> => {
  const { lookForOldProcesses, oldProcessFindings } = await import("./old-processes.ts");
  return oldProcessFindings(await lookForOldProcesses(world)(name, servers, 0));
};

const outcomeOf = (
  { servers }: Gathered,
  fault: boolean,
  stopped: readonly DeployedServer[],
): DeployResult["outcome"] => {
  if (servers.length === 0) return "no-server";
  if (fault) return "unproven";
  return stopped.length > 0 ? "in-place" : "verified";
};

/** The live generation, the two before it that one could go back to, and what cannot be revoked without its certificate. */
const kept = (state: CertificateState, live: number, now: Date): readonly number[] => [
  live,
  ...doomedGenerations(state, now).map(({ number }) => number),
  ...state.generations
    .filter((one) => one.number < live && one.failed === undefined && whyRevoked(one) === undefined)
    .map(({ number }) => number)
    .toSorted((a, b) => b - a)
    .slice(0, 2),
];
