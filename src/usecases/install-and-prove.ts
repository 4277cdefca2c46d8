// Points every server at the live generation, reloads what passes its own test, and proves the result on the wire.
import type { Finding } from "../domain/finding.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { DeployedServer, Gathered } from "./deployment.ts";
import type { Deployable } from "./entries.ts";
import { type InstallOptions, type InstalledSettings, installSettings } from "./install-settings.ts";
import { type ProofTarget, prove } from "./prove.ts";
import { baselineOf, expectedOf, servedCertificate } from "./served-certificate.ts";
import type { World } from "./world.ts";

/** How long an old leaf may still turn into the new one after a reload. */
const patienceMs = 30_000;

/** The state is written as *reloaded* before the proof starts. */
export const installAndProve = async (
  world: World,
  state: CertificateState,
  target: GenerationRecord,
  found: readonly Deployable[],
  targets: readonly ProofTarget[],
  options: InstallOptions,
): Promise<Gathered> => {
  const served = servedCertificate(world, state.name, target);
  const findings: Finding[] = [];
  const servers: DeployedServer[] = [];
  for (const what of await world.confine()) {
    await world.store.record({ at: world.now().toISOString(), run: world.run, command: world.command, what });
  }
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
  await world.store.write({ ...state, stage: "reloaded" });
  const unusable = new Set(found.filter((_, index) => servers[index]?.running && !servers[index]?.reloaded).map((one) => one.installation.id));
  const entries = await prove(world, {
    targets,
    expected: expectedOf(target),
    baseline: baselineOf(state),
    ehlo: target.names[0] ?? "localhost",
    // A server that could not be reloaded will not come round: there is nothing to wait for.
    patienceMs: unusable.size === found.length ? 0 : patienceMs,
  });
  return { servers, entries, findings };
};

export const deployedServer = ({ installation }: Deployable, settings: InstalledSettings, reloaded: boolean): DeployedServer => ({
  id: installation.id,
  server: installation.server,
  version: installation.version,
  running: installation.running,
  changes: settings.changes,
  reloaded,
});
