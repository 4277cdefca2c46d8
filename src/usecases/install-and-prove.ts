// Points every server at the live generation, reloads what passes its own test, and proves the result on the wire.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { Baseline } from "../domain/verdict.ts";
import type { ServedCertificate } from "../servers/server.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { DeployedServer, Gathered } from "./deployment.ts";
import type { Deployable } from "./entries.ts";
import {
  type InstallOptions,
  type InstalledSettings,
  checkFinding,
  configFinding,
  installSettings,
} from "./install-settings.ts";
import { type ProofTarget, entryKey, proofTargets, prove } from "./prove.ts";
import { baselineOf, expectedOf, servedCertificate, slotsOf } from "./served-certificate.ts";
import { recordChange } from "./record-change.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** How long an old leaf may still turn into the new one after a reload. */
export const patienceMs = 30_000;

/** The same where a setting that wins over ours was left alone: most of the server comes round at once, the rest never will. */
const overriddenPatienceMs = 5_000;

/** After this long a server that is still stale is asked for its configuration again: somebody may have broken it meanwhile. */
const recheckAfterMs = 5_000;

/** The state is written as *reloaded* before the proof starts. */
export const installAndProve = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
  options: InstallOptions,
): Promise<Gathered> => {
  const served = servedCertificate(world, state.name, target);
  const findings: Finding[] = [];
  const servers: DeployedServer[] = [];
  const patience = new Map<string, number>();
  for (const what of await world.confine()) {
    await recordChange(world, { what });
  }
  for (const one of found) {
    const settings = await installOn(world, one, served, options);
    findings.push(...settings.findings);
    const reloaded = settings.usable && one.installation.running && (await reload(world, one, findings));
    servers.push(deployedServer(one, settings, reloaded));
    // A server that could not be reloaded will not come round: there is nothing to wait for.
    if (reloaded) patience.set(one.installation.id, settings.overridden ? overriddenPatienceMs : patienceMs);
  }
  await world.store.write({ ...state, stage: "reloaded" });
  const recheck = rechecks(found);
  const { targets, baseline } = await targetsNow(world, state, target, found, servers);
  const entries = await prove(world, {
    targets,
    expected: expectedOf(target),
    baseline,
    ehlo: target.names[0] ?? "localhost",
    patienceMs: (installation) => patience.get(installation) ?? 0,
    hopeless: async (installation, waitedMs) =>
      waitedMs >= recheckAfterMs && patience.has(installation) && (await recheck(installation)) !== undefined,
  });
  const late = await Promise.all(
    servers
      .filter(
        ({ id, reloaded }) => reloaded && entries.some((one) => one.installation === id && one.verdict === "stale"),
      )
      .map(({ id }) => recheck(id)),
  );
  return { servers, entries, findings: [...findings, ...late.filter((finding) => finding !== undefined)] };
};

/** Settings first where that is safe: when what is live now has files for every slot of the generation to come, and for others too. */
export const settleFirst = async (
  world: World,
  name: string,
  target: GenerationRecord,
  found: readonly Deployable[],
  options: InstallOptions,
): Promise<void> => {
  const live = world.store.liveNumber(name);
  if (live === undefined || live === target.number) return;
  const present = world.store.slotsIn(name, live);
  const wanted = slotsOf(target);
  if (present.length <= wanted.length || !wanted.every((slot) => present.includes(slot))) return;
  for (const one of found) await installOn(world, one, servedCertificate(world, name, target), options);
};

/** Where TLS was off altogether our settings switch it on: what could not be observed before the change can be now. */
const targetsNow = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
  servers: readonly DeployedServer[],
): Promise<{ targets: readonly ProofTarget[]; baseline: ReadonlyMap<string, Baseline> }> => {
  const targetsOf = (deployables: readonly Deployable[]): readonly ProofTarget[] =>
    proofTargets(deployables, target.names, slotsOf(target), world.localAddresses());
  const changed = new Set(servers.filter(({ changes }) => changes.length > 0).map(({ id }) => id));
  const now: Deployable[] = [];
  for (const one of found) {
    const { server, installation } = one;
    const read = changed.has(installation.id)
      ? await unlessFailure(() => server.listeners(installation))
      : one.listeners;
    const listeners = read instanceof Failure ? one.listeners : read;
    now.push({ ...one, listeners });
  }
  const keyOf = ({ entry, slot }: ProofTarget): string => `${entryKey(entry)} ${slot}`;
  const isOff = ({ unobservable, tlsOff }: ProofTarget): boolean => unobservable !== undefined || tlsOff !== undefined;
  const off = new Set(targetsOf(found).flatMap((one) => (isOff(one) ? [keyOf(one)] : [])));
  const targets = targetsOf(now);
  const switchedOn = targets.filter((one) => !isOff(one) && off.has(keyOf(one)));
  // Clients did without TLS there: a handshake that fails takes their mail away.
  const plain = switchedOn.map((one): [string, Baseline] => [keyOf(one), { plain: true }]);
  return { targets, baseline: new Map([...plain, ...baselineOf(state)]) };
};

/** Each server's configuration test once more, once: one that was broken between test and reload keeps its old certificate, and says so in its log alone. */
const rechecks = (found: readonly Deployable[]): ((installation: string) => Promise<Finding | undefined>) => {
  const asked = new Map<string, Promise<Finding | undefined>>();
  return (id) => {
    const one = found.find(({ installation }) => installation.id === id);
    const answer = asked.get(id) ?? (one ? checkFinding(one, "did not take its settings") : Promise.resolve(undefined));
    asked.set(id, answer);
    return answer;
  };
};

/** One server that cannot be changed must not keep the others from being reloaded. */
const installOn = async (
  world: World,
  one: Deployable,
  served: ServedCertificate,
  options: InstallOptions,
): Promise<InstalledSettings> => {
  const settings = await unlessFailure(() => installSettings(world, one, served, options));
  if (!(settings instanceof Failure)) return settings;
  return { changes: [], findings: [configFinding(one.installation.id, settings)], usable: false };
};

const reload = async (world: World, { server, installation }: Deployable, findings: Finding[]): Promise<boolean> => {
  world.step(`${installation.id}: ${installation.restarts ? "restart" : "reload"}`);
  const failure = await unlessFailure(() => server.reload(installation));
  if (!(failure instanceof Failure)) return true;
  findings.push(configFinding(installation.id, failure));
  return false;
};

export const deployedServer = (
  { installation }: Deployable,
  settings: InstalledSettings,
  reloaded: boolean,
): DeployedServer => ({
  id: installation.id,
  server: installation.server,
  version: installation.version,
  running: installation.running,
  changes: settings.changes,
  reloaded,
  ...(installation.restarts === undefined ? {} : { restarts: installation.restarts }),
});
