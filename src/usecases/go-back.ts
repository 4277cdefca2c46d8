// The way back: one generation, or, at a first deployment, the servers' settings as they were.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { nextAttempt } from "../domain/renewal.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { DeployOptions, DeployResult, Gathered } from "./deployment.ts";
import { deploymentFindings } from "./deployment-findings.ts";
import { findServers } from "./entries.ts";
import { finish } from "./finish.ts";
import { installAndProve, patienceMs, settleFirst } from "./install-and-prove.ts";
import { generationBefore } from "./intact.ts";
import { type ProofTarget, type ProvedEntry, entryKey, proofTargets, prove } from "./prove.ts";
import { rememberFailure } from "./remember-failure.ts";
import { revertSettings } from "./revert-settings.ts";
import { baselineOf, slotsOf } from "./served-certificate.ts";
import { switchTo } from "./switch-live.ts";
import type { World } from "./world.ts";

/** The new generation broke what worked: back one generation, or, where there is none, the servers' settings as they were. */
export const goBack = async (
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
  // Nothing of ours was served before, or everything was taken out since: what worked are the servers' own settings.
  const first =
    Object.keys(state.deployments).length === 0 || !state.generations.some(({ number }) => number < target.number);
  if (first) return undoFirst(world, certificate, state, target, { ...gathered, findings });
  const previous = await generationBefore(world, state, target.number);
  if (!previous) return stay(world, certificate, state, target, gathered);
  const back = await backTo(world, state, target, previous, reason);
  const { servers: found } = await findServers(world, certificate);
  await settleFirst(world, state.name, previous, found, options);
  const switched = await switchTo(world, back, previous);
  const proof = await installAndProve(world, switched, previous, found, options);
  const result = await finish(world, certificate, { ...switched, stage: "reloaded" }, previous, proof);
  const message = `generation ${target.number} was taken back, generation ${previous.number} is ${result.outcome === "verified" ? "served again everywhere" : "live again"}: ${reason}`;
  const inARow = back.generations.filter(({ number, failed }) => number > previous.number && failed !== undefined);
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

/** How many steps of the ladder are left out: each attempt asks the CA again, and takes some clients' TLS away for seconds. */
const slower = 3;

const rememberRollback = async (
  world: World,
  certificate: CertificateConfig,
  message: string,
  attempts: number,
): Promise<void> => {
  const retryAt = nextAttempt(attempts + slower, world.now()).toISOString();
  const failure = new Failure("unavailable", message, { facts: { rolledBack: true, retryAt } });
  await rememberFailure(world, certificate, "deploy", failure, attempts - 1);
};

/** There is no earlier generation that may be served: the new one stays, and later runs try again. */
const stay = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  gathered: Gathered,
): Promise<DeployResult> => {
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

/** The first deployment broke something: the servers get their own settings back; the generation stays staged. */
const undoFirst = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  gathered: Gathered,
): Promise<DeployResult> => {
  const reverted = (await revertSettings(world, [state.name])).get(state.name) ?? { reverted: [], findings: [] };
  const { baseline: _baseline, ...rest } = state;
  await world.store.write({ ...rest, stage: "staged" });
  const different = await notAsBefore(world, certificate, state, target);
  const first = gathered.findings.find((finding) => finding.severity === "fault");
  await rememberRollback(world, certificate, first?.message ?? "not proven", state.attempts + 1);
  const outcome = different
    ? `but ${entryUrl(different.entry)} at ${different.entry.address} is not as it was before: ${different.message ?? "no TLS handshake"}`
    : "and every entry point serves what it served before";
  return {
    certificate: state.name,
    generation: target,
    outcome: "rolled-back",
    servers: gathered.servers,
    entries: gathered.entries,
    findings: [
      {
        check: "deploy-rolled-back",
        severity: "fault",
        message: `a server could not use the new files: the servers' settings were put back as they were (${reverted.reverted.length} changes), ${outcome}`,
        hint: `its log says why; then run: mailcert deploy ${state.name}`,
      },
      ...reverted.findings,
      ...gathered.findings,
    ],
  };
};

/** The way back is proven as well: the first entry point that does not serve the leaf of before the switch again. */
const notAsBefore = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
): Promise<ProvedEntry | undefined> => {
  const before = baselineOf(state);
  const leafBefore = ({ entry, slot }: ProofTarget): string | undefined =>
    before.get(`${entryKey(entry)} ${slot}`)?.leaf;
  const { servers } = await findServers(world, certificate);
  const all = proofTargets(servers, target.names, slotsOf(target), world.localAddresses());
  const entries = await prove(world, {
    targets: all.filter((one) => leafBefore(one) !== undefined),
    expected: leafBefore,
    baseline: new Map(),
    ehlo: target.names[0] ?? "localhost",
    patienceMs: () => patienceMs,
  });
  return entries.find(({ verdict }) => verdict === "stale" || verdict === "failing");
};
