// The way back: one generation, or, at a first deployment, the servers' settings as they were.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import { mayGoBackTo } from "../domain/verdict.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { DeployOptions, DeployResult, Gathered } from "./deployment.ts";
import { deploymentFindings } from "./deployment-findings.ts";
import { findServers } from "./entries.ts";
import { finish } from "./finish.ts";
import { installAndProve } from "./install-and-prove.ts";
import { rememberFailure } from "./issue.ts";
import { proofTargets } from "./prove.ts";
import { revertSettings } from "./revert-settings.ts";
import { slotsOf } from "./served-certificate.ts";
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
  const previous = state.generations
    .filter((generation) => generation.number < target.number && mayGoBackTo(generation, world.now()))
    .at(-1);
  if (!previous) return undoFirst(world, state, target, { ...gathered, findings });
  const back = await backTo(world, state, target, previous, reason);
  const { servers: found } = await findServers(world, certificate);
  const targets = proofTargets(found, previous.names, slotsOf(previous), world.localAddresses());
  const switched = await switchTo(world, back, previous);
  const proof = await installAndProve(world, switched, previous, found, targets, options);
  const result = await finish(world, { ...switched, stage: "reloaded" }, previous, proof);
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
  state: CertificateState,
  target: GenerationRecord,
  gathered: Gathered,
): Promise<DeployResult> => {
  const reverted = await revertSettings(world, state.name);
  const { baseline: _baseline, ...rest } = state;
  await world.store.write({ ...rest, stage: "staged" });
  const first = gathered.findings.find((finding) => finding.severity === "fault");
  await rememberFailure(world, state.name, "deploy", new Failure("unavailable", first?.message ?? "not proven"));
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
        message: `the servers' settings were put back as they were (${reverted.reverted.length} changes): a server could not use the new files`,
        hint: `its log says why; then run: mailcert deploy ${state.name}`,
      },
      ...gathered.findings,
    ],
  };
};
