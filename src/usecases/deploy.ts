// Deploy: switch `live`, point the servers at it, reload, prove on the wire; go back where the new generation broke what worked.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { generationOf, targetOf } from "../domain/generation.ts";
import { hasHooks } from "../domain/hook.ts";
import { hasRetiredKey, whyRevoked } from "../domain/revocation.ts";
import { emptyState } from "../domain/state.ts";
import type { CertificateState, GenerationRecord, HookServer } from "../store/store.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import { candidateOfGeneration } from "./candidate.ts";
import { type Guarded, type Promises, keepDnsPromises } from "./dns-promises.ts";
import { type Deployable, findServers } from "./entries.ts";
import { finish } from "./finish.ts";
import { goBack } from "./go-back.ts";
import { checkGeneration } from "./intact.ts";
import { deployedServer, installAndProve, settleFirst } from "./install-and-prove.ts";
import { grantKeys, withKeyGroup } from "./key-readers.ts";
import { keepPinnedChain } from "./pinned-chain.ts";
import { type ProofTarget, proofTargets, prove } from "./prove.ts";
import { revertSettings } from "./revert-settings.ts";
import { baselineOf, expectedOf, servedCertificate, slotsOf } from "./served-certificate.ts";
import { refuseSecond, takeOver } from "./one-certificate.ts";
import { switchTo, withBaseline } from "./switch-live.ts";
import type { World } from "./world.ts";

/** Brings the target generation of a certificate to *verified*, with its hooks around it. The caller holds the lock. @throws Failure `data` when nothing was issued yet. */
export const deploy = async (
  world: World,
  certificate: CertificateConfig,
  options: DeployOptions,
): Promise<DeployResult> => {
  const job = (): Promise<DeployResult> => deployOne(world, certificate, options);
  return hasHooks(certificate) ? (await import("./hooks.ts")).withHooks(world, certificate, job) : job();
};

const deployOne = async (
  world: World,
  certificate: CertificateConfig,
  options: DeployOptions,
): Promise<DeployResult> => {
  const { parked: _parked, ...known } = world.store.read(certificate.name) ?? emptyState(certificate.name);
  const target = targetOf(known);
  if (!target) {
    throw new Failure("data", `nothing was issued for ${certificate.name} yet`, {
      hints: [`run: mailcert issue ${certificate.name}`],
    });
  }
  refuseCondemned(world, certificate.name, target);
  await checkGeneration(world, certificate.name, target);
  const place = await findServers(world, certificate);
  const { servers: found, notes } = place;
  await refuseSecond(world, certificate, found);
  await takeOver(world, certificate, found);
  const { left, stays } = await takeFromOthers(world, known, found);
  const stored = withKeyGroup(known, place, stays);
  const targets = proofTargets(found, target.names, slotsOf(target), world.localAddresses());

  if (stored.stage === "verified" || stored.stage === "reloaded") {
    const quick =
      left.length === 0 && stored.keyGroup === known.keyGroup
        ? await proveQuickly(world, certificate, stored, target, found, targets)
        : undefined;
    if (quick) return quick;
  }
  const { state, findings: unsure } = options.replace
    ? { state: stored, findings: [] }
    : await refuseUnpromised(world, certificate, stored, target, found);
  const before = await withBaseline(world, state, target, targets, options);
  const ready = hasHooks(certificate)
    ? await (await import("./hooks.ts")).beforeSwitch(world, certificate, before, target, found.map(asHookServer))
    : before;
  await settleFirst(world, certificate.name, target, found, options);
  await grantKeys(world, ready, known.keyGroup);
  const live = await switchTo(world, ready, target);
  const proof = await installAndProve(world, live, target, found, options);
  const gathered = { ...proof, findings: [...notes, ...unsure, ...left, ...proof.findings] };
  const reloaded: CertificateState = { ...live, stage: "reloaded" };
  return gathered.entries.some((entry) => entry.verdict === "broken")
    ? goBack(world, certificate, reloaded, target, gathered, options)
    : finish(world, certificate, reloaded, target, { ...gathered, awaitsServer: certificate.servers === "auto" });
};

const asHookServer = ({ installation: { id, server, running } }: Deployable): HookServer => ({
  id,
  server,
  running,
  reloaded: false,
});

/** What is served stays until something takes its place: a key that was given up is not brought back. @throws Failure `data`. */
const refuseCondemned = (world: World, name: string, target: GenerationRecord): void => {
  const state = world.store.read(name) ?? emptyState(name);
  const served =
    world.store.liveNumber(name) === target.number &&
    Object.values(state.deployments).some(({ generation }) => generation === target.number);
  const retired =
    !served && hasRetiredKey(state, target) ? "has a private key that was given up as compromised" : undefined;
  const why = whyRevoked(target) ?? retired;
  if (why === undefined) return;
  const message = `generation ${target.number} of ${name} ${why}: it is not served again`;
  throw new Failure("data", message, { hints: [`make a new one: mailcert renew --force ${name}`] });
};

/** Servers that the configuration no longer names for this certificate get their own settings back. */
const takeFromOthers = async (
  world: World,
  { name, deployments }: CertificateState,
  found: readonly Deployable[],
): Promise<{ readonly left: readonly Finding[]; readonly stays: boolean }> => {
  const gone = Object.keys(deployments).filter((id) => !found.some(({ installation }) => installation.id === id));
  if (gone.length === 0) return { left: [], stays: false };
  const result = (await revertSettings(world, [name], gone)).get(name);
  const { reverted, kept, findings } = result ?? { reverted: [], kept: [], findings: [] };
  const message = `${gone.join(", ")}: not named for ${name} any more; ${reverted.length} settings were taken back`;
  const left: Finding[] = [{ check: "deploy-left", severity: "info", message }, ...findings];
  return { left, stays: kept.length + findings.length > 0 };
};

/** @throws Failure `config` where DNS tells others to refuse what would be switched to. What a killed run has switched already is finished. */
const refuseUnpromised = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
): Promise<Promises> => {
  const { name } = certificate;
  const live = world.store.liveNumber(name);
  if (live === target.number && (state.baseline || found.length === 0)) return { state, findings: [] };
  const before = live === target.number ? undefined : generationOf(state, live);
  const guarded: Guarded = {
    state,
    candidate: await candidateOfGeneration(world, name, target),
    place: async () => ({ servers: found, auto: certificate.servers === "auto" }),
    ways: {
      resume: `run: mailcert deploy ${name}`,
      ...(before === undefined
        ? {}
        : hasRetiredKey(state, before)
          ? { given: true }
          : { keep: `mailcert renew --force ${name}` }),
      force: `mailcert deploy --replace ${name}`,
    },
  };
  const { state: after, findings } = await keepDnsPromises(world, guarded);
  return { state: await keepPinnedChain(world, { ...guarded, state: after }), findings };
};

/** Settings in place and the new leaf served already (a finished run, or a server that came round by itself): nothing to reload. */
const proveQuickly = async (
  world: World,
  wanted: CertificateConfig,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
  targets: readonly ProofTarget[],
): Promise<DeployResult | undefined> => {
  if (world.store.liveNumber(state.name) !== target.number || found.length === 0) return undefined;
  const certificate = servedCertificate(world, state.name, target);
  if (state.keyGroup !== undefined) await world.store.letRead(state.name, state.keyGroup);
  const findings: Finding[] = [];
  for (const { server, installation, trouble } of found) {
    if (trouble) return undefined;
    const plan = await server.plan(installation, certificate);
    const overrides = await server.readBack(installation, certificate);
    if (plan.changes.length > 0 || overrides.length > 0) return undefined;
    findings.push(...plan.notes);
  }
  const entries = await prove(world, {
    targets,
    expected: expectedOf(target),
    baseline: baselineOf(state),
    ehlo: target.names[0] ?? "localhost",
    patienceMs: () => 0,
  });
  if (entries.some((entry) => entry.verdict === "stale" || entry.verdict === "broken" || entry.verdict === "failing"))
    return undefined;
  const servers = found.map((one) => deployedServer(one, { changes: [], findings: [], usable: true }, false));
  return finish(world, wanted, state, target, { servers, entries, findings });
};
