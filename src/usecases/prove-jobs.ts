// What is seen on the wire of servers that were given several certificates, by certificate.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import type { Places } from "../domain/places.ts";
import type { Baseline } from "../domain/verdict.ts";
import { unanswered } from "./answered-notes.ts";
import { type Claims, claimsOf } from "./claims.ts";
import type { DeployedServer, Gathered, Job } from "./deployment.ts";
import type { Deployable } from "./entries.ts";
import { type InstalledSettings, checkFinding } from "./install-settings.ts";
import { ownListeners } from "./own-listeners.ts";
import { type ProofTarget, type ProvedEntry, addressesFor, entryKey, proofTargets } from "./prove.ts";
import { type JobTargets, proveTogether } from "./prove-together.ts";
import { baselineOf, servedCertificate, slotsOf } from "./served-certificate.ts";
import { type Serving, namesAt } from "./serving.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** How long an old leaf may still turn into the new one after a reload. */
export const patienceMs = 30_000;

/** The same where a setting that wins over ours was left alone: most of the server comes round at once, the rest never will. */
const overriddenPatienceMs = 5_000;

/** After this long a server that is still stale is asked for its configuration again: somebody may have broken it meanwhile. */
const recheckAfterMs = 5_000;

/** One server, after it was given its settings. */
export interface Installed {
  readonly one: Deployable;
  readonly serving: Serving;
  readonly settings: InstalledSettings;
  readonly reloaded: boolean;
  /** What keeps it from serving any of them. */
  readonly trouble: readonly Finding[];
  readonly certificates: readonly string[];
}

export const proveJobs = async (
  world: World,
  jobs: readonly Job[],
  installed: ReadonlyMap<string, Installed>,
): Promise<ReadonlyMap<string, Gathered>> => {
  const all: readonly Deployable[] = [...installed.values()].map(({ one }) => one);
  const recheck = rechecks(all);
  const looks: JobTargets[] = [];
  // All of them are behind live by now; one that this run held back is not, and has no entry points.
  const claims = await claimsOf(
    world,
    jobs.map(({ certificate }) => certificate),
  );
  for (const job of jobs) looks.push(await targetsNow(world, job, installed, jobs.length, claims));
  const entries = await proveTogether(world, looks, {
    patienceMs: (id) => {
      const one = installed.get(id);
      // A server that could not be reloaded will not come round: there is nothing to wait for.
      return one?.reloaded ? (one.settings.overridden ? overriddenPatienceMs : patienceMs) : 0;
    },
    hopeless: async (id, waitedMs) =>
      waitedMs >= recheckAfterMs && installed.get(id)?.reloaded === true && (await recheck(id)) !== undefined,
  });
  const gathered = new Map<string, Gathered>();
  for (const [index, job] of jobs.entries()) {
    const mine = entries[index] ?? [];
    const findings: Finding[] = [];
    const servers: DeployedServer[] = [];
    for (const { installation } of job.found) {
      const one = installed.get(installation.id);
      if (!one) continue;
      findings.push(...(await findingsFor(job, one, mine, recheck)));
      const how = { ...one, ...howServed(one.one, one.serving, job.certificate) };
      servers.push(deployedServer(one.one, isOwner(job, one) ? one.settings : { changes: [] }, how));
    }
    const defaultOf = new Set(
      [...installed].flatMap(([id, { serving }]) => (serving.main?.name === job.certificate.name ? [id] : [])),
    );
    const { targets = [], baseline = new Map<string, Baseline>() } = looks[index] ?? {};
    const asked = { targets, baseline };
    gathered.set(job.certificate.name, { servers, entries: mine, findings, defaultOf, asked });
  }
  return gathered;
};

/** Looks again, once: what a certificate that has gone back since kept from being served. By certificate. */
export const proveAgain = async (
  world: World,
  jobs: readonly (Job & { readonly gathered: Gathered })[],
): Promise<ReadonlyMap<string, readonly ProvedEntry[]>> => {
  const looks = jobs.map((job) => {
    const { targets, baseline } = job.gathered.asked ?? { targets: [], baseline: new Map<string, Baseline>() };
    return { job, targets, baseline };
  });
  const entries = await proveTogether(world, looks, { patienceMs: () => patienceMs });
  return new Map(jobs.map(({ certificate }, index) => [certificate.name, entries[index] ?? []]));
};

/** What is about a server as a whole is told once: with its default, or the first certificate of the run. */
const isOwner = ({ certificate: { name } }: Job, { serving, certificates }: Installed): boolean =>
  name === (certificates.find((one) => one === serving.main?.name) ?? certificates[0]);

const findingsFor = async (
  job: Job,
  one: Installed,
  entries: readonly ProvedEntry[],
  recheck: (installation: string) => Promise<Finding | undefined>,
): Promise<readonly Finding[]> => {
  const { id } = one.one.installation;
  const { name } = job.certificate;
  const isFirst = isOwner(job, one);
  const everybodys = one.settings.findings.filter(({ check }) => check === "deploy-config" || isFirst);
  // Of those that this run is not about, nobody else tells what stands in their way.
  const absent = isFirst
    ? [...(one.settings.own ?? [])].flatMap(([whose, found]) => (one.certificates.includes(whose) ? [] : found))
    : [];
  const stale = one.reloaded && entries.some(({ installation, verdict }) => installation === id && verdict === "stale");
  const late = stale ? await recheck(id) : undefined;
  return [
    ...unanswered(everybodys, id, job.found),
    ...(one.settings.own?.get(name) ?? []),
    ...absent,
    ...one.trouble,
    ...(late ? [late] : []),
  ];
};

/** Where TLS was off altogether our settings switch it on: what could not be observed before the change can be now. */
const targetsNow = async (
  world: World,
  job: Job,
  installed: ReadonlyMap<string, Installed>,
  jobs: number,
  claims: Claims,
): Promise<JobTargets> => {
  const targetsOf = (deployables: readonly Deployable[]): readonly ProofTarget[] =>
    deployables.flatMap((one) => {
      const { serving } = installed.get(one.installation.id) ?? {};
      const served = servedCertificate(world, job.certificate.name, job.target);
      const names = serving && one.server.sni ? namesAt(serving, served) : job.target.names;
      return proofTargets([one], names, slotsOf(job.target), world.localAddresses(), addressesFor(jobs));
    });
  const now: Deployable[] = [];
  for (const one of job.found) {
    const { server, installation } = one;
    const changed = (installed.get(installation.id)?.settings.changes.length ?? 0) > 0;
    const asks = changed || claims.placed.length > 0;
    const read = asks ? await unlessFailure(() => server.listeners(installation)) : undefined;
    const listeners =
      read === undefined || read instanceof Failure
        ? one.listeners
        : ownListeners(world, one, read, job.certificate, claims).listeners;
    now.push({ ...one, listeners });
  }
  const keyOf = ({ entry, slot }: ProofTarget): string => `${entryKey(entry)} ${slot}`;
  const isOff = ({ unobservable, tlsOff }: ProofTarget): boolean => unobservable !== undefined || tlsOff !== undefined;
  const off = new Set(targetsOf(job.found).flatMap((one) => (isOff(one) ? [keyOf(one)] : [])));
  const targets = targetsOf(now);
  const switchedOn = targets.filter((one) => !isOff(one) && off.has(keyOf(one)));
  // Clients did without TLS there: a handshake that fails takes their mail away.
  const plain = switchedOn.map((one): [string, Baseline] => [keyOf(one), { plain: true }]);
  return { job, targets, baseline: new Map([...plain, ...baselineOf(job.state)]) };
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

interface DeployedHow {
  readonly reloaded: boolean;
  readonly certificates: readonly string[];
  readonly byName?: boolean;
  readonly places?: Places;
}

/** By name: another certificate is everybody's there, or the server's own is. */
export const howServed = (
  { server, installation }: Deployable,
  { main }: Serving,
  { name, places }: Pick<CertificateConfig, "name" | "places">,
): Pick<DeployedHow, "byName" | "places"> =>
  places && installation.server !== copies ? { places } : { byName: server.sni === true && main?.name !== name };

export const deployedServer = (
  { installation }: Deployable,
  settings: Pick<InstalledSettings, "changes">,
  { reloaded, certificates, byName, places }: DeployedHow,
): DeployedServer => ({
  id: installation.id,
  server: installation.server,
  version: installation.version,
  running: installation.running,
  changes: settings.changes,
  reloaded,
  ...(installation.restarts === undefined ? {} : { restarts: installation.restarts }),
  ...(byName ? { byName: true } : {}),
  ...(places ? { places } : {}),
  ...(reloaded && certificates.length > 1 ? { certificates: certificates.length } : {}),
});
