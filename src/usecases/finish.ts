// Writes down how a deployment ended: verified, or what later runs are to finish.
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { CertificateState, EntryRecord, GenerationRecord } from "../store/store.ts";
import type { DeployResult, Gathered } from "./deployment.ts";
import { deploymentFindings } from "./deployment-findings.ts";
import { rememberFailure } from "./issue.ts";
import type { ProvedEntry } from "./prove.ts";
import type { World } from "./world.ts";

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
export const finish = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  gathered: Gathered,
): Promise<DeployResult> => {
  const findings = [...gathered.findings, ...deploymentFindings(gathered)];
  const fault = findings.some((finding) => finding.severity === "fault");
  const deployments = Object.fromEntries(
    gathered.servers.map((server) => [
      server.id,
      {
        server: server.server,
        generation: target.number,
        at: world.now().toISOString(),
        entries: records(gathered.entries, server.id),
      },
    ]),
  );
  const { lastError: _error, nextAttempt: _next, ...rest } = state;
  if (!fault) {
    const { baseline: _baseline, ...settled } = rest;
    // A server that is installed later is found by the next run: until then nothing was proven.
    const stage = gathered.servers.length === 0 && gathered.awaitsServer ? "switched" : "verified";
    await world.store.write({ ...settled, deployments, stage, attempts: 0 });
    await world.store.prune(state.name, kept(state, target.number));
  } else {
    await world.store.write({ ...state, deployments, stage: "reloaded" });
    const first = findings.find((finding) => finding.severity === "fault");
    await rememberFailure(world, state.name, "deploy", new Failure("unavailable", first?.message ?? "not proven"));
  }
  const outcome = gathered.servers.length === 0 ? "no-server" : fault ? "unproven" : "verified";
  const { servers, entries } = gathered;
  return { certificate: state.name, generation: target, outcome, servers, entries, findings };
};

/** The live generation and the two before it that one could go back to. */
const kept = (state: CertificateState, live: number): readonly number[] => [
  live,
  ...state.generations
    .filter(({ number, failed }) => number < live && failed === undefined)
    .map(({ number }) => number)
    .toSorted((a, b) => b - a)
    .slice(0, 2),
];
