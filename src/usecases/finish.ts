// Writes down how a deployment ended: verified, or what later runs are to finish.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { doomedGenerations, whyRevoked } from "../domain/revocation.ts";
import type { CertificateState, EntryRecord, GenerationRecord } from "../store/store.ts";
import type { DeployResult, DeployedServer, Gathered } from "./deployment.ts";
import { deploymentFindings } from "./deployment-findings.ts";
import { rememberFailure } from "./remember-failure.ts";
import type { ProvedEntry } from "./prove.ts";
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
  gathered: Gathered,
): Promise<DeployResult> => {
  const stale = gathered.entries.some(({ verdict }) => verdict === "stale");
  // Where nothing was reloaded they are all old, and something else says why.
  const servers = gathered.servers.filter(({ reloaded }) => reloaded).map(({ id, server }) => [id, server] as const);
  const ofProcesses = stale ? await oldOnes(world, state.name, servers) : [];
  const findings = [...gathered.findings, ...deploymentFindings(gathered), ...ofProcesses];
  const fault = findings.some((finding) => finding.severity === "fault");
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
        entries: records(gathered.entries, server.id),
      },
    ]),
  );
  const { lastError: _error, nextAttempt: _next, ...rest } = state;
  if (!fault) {
    const { baseline: _baseline, ...settled } = rest;
    // A server that is installed later is found by the next run: until then nothing was proven.
    const awaits = gathered.servers.length === 0 && gathered.awaitsServer;
    const stage = awaits ? "switched" : stopped.length > 0 ? "reloaded" : "verified";
    await world.store.write({ ...settled, deployments, stage, attempts: 0 });
    await world.store.prune(state.name, kept(state, target.number, world.now()));
  } else {
    await world.store.write({ ...state, deployments, stage: "reloaded" });
    const first = findings.find((finding) => finding.severity === "fault");
    await rememberFailure(
      world,
      certificate,
      "deploy",
      new Failure("unavailable", first?.message ?? "not proven", {
        hints: first?.hint === undefined ? [] : [first.hint],
      }),
    );
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
