// Status: every certificate that this host knows, what it is, how far it got, what happens next. Takes no lock.
import { type CaFailure, caTitle } from "../domain/ca-failures.ts";
import type { CertificateConfig, IssuerKind } from "../domain/certificate-config.ts";
import { type DaneHold, waitingHold } from "../domain/dane-memory.ts";
import { defaultsOf } from "../domain/default-certificates.ts";
import type { Finding } from "../domain/finding.ts";
import { authorityOf, targetOf } from "../domain/generation.ts";
import { orphanFinding, overdueFindings } from "../domain/overdue.ts";
import { type Decision, type Wish, decide, lastProven } from "../domain/renew-decision.ts";
import { type Entry, entryIssuer, entryNames, setupAgain } from "../domain/setup-command.ts";
import type { CertificateState, DeploymentRecord, GenerationRecord } from "../store/store.ts";
import { stillWished, unmetFindings } from "../domain/unmet-wish.ts";
import { accountFindings } from "./account-findings.ts";
import { exchangedFindings } from "./ca-exchanged.ts";
import { damagedFindings } from "./damaged-files.ts";
import { exposedFindings } from "./exposed-keys.ts";
import { fingerprintIfWaiting } from "./fingerprint.ts";
import { hookFindings } from "./hook-findings.ts";
import { type LastError, lastErrorNow } from "./last-error.ts";
import type { OldProcesses, StatusLook } from "./old-processes.ts";
import { missedFindings } from "./window-findings.ts";
import { slotsOf } from "./served-certificate.ts";
import { condemnedFindings, deadFindings } from "./status-findings.ts";
import { readableState } from "./unless-failure.ts";
import { windowWish } from "./window-wish.ts";
import { unreadFindings } from "./unread-findings.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

export interface CaTrouble extends CaFailure {
  readonly ca: string;
  readonly directory: string;
}

export interface CertificateStatus {
  readonly name: string;
  readonly names: readonly string[];
  readonly issuer: IssuerKind | "unknown";
  readonly authority: string;
  /** In the configuration: timer runs renew it. */
  readonly configured: boolean;
  /** Everything that is kept of it. */
  readonly folder: string;
  /** The mail servers that the configuration names for it, or its last entry did; none: other programs use it. */
  readonly servers?: CertificateConfig["servers"];
  /** What a first `setup` asked for that failed: nothing was issued, and no entry of the configuration has it. */
  readonly asked?: Entry;
  readonly live?: GenerationRecord;
  readonly target?: GenerationRecord;
  /** Numbers of later generations that were taken back and are never served again. */
  readonly rolledBack: readonly number[];
  readonly stage: "none" | NonNullable<CertificateState["stage"]>;
  readonly next?: Decision;
  /** Taken out of the servers by `deploy --remove`: renewed, not deployed. */
  readonly parked: boolean;
  readonly attempts: number;
  readonly lastError?: LastError;
  /** Of several CAs, those that could not the last time. */
  readonly caFailures?: readonly CaTrouble[];
  /** A revocation that is not done yet. */
  readonly revocation?: NonNullable<CertificateState["revocation"]>;
  /** Those that were not done when it was asked for. */
  readonly earlierRevocations?: NonNullable<CertificateState["earlierRevocations"]>;
  /** Names that were left out; what ends, or is overdue. */
  readonly findings?: readonly Finding[];
  /** A change that waits for DNS (DANE). */
  readonly held?: DaneHold;
  readonly deployments: Readonly<Record<string, DeploymentRecord>>;
  /** Servers' processes that hold the certificate of before; absent: none, or this user may not see them. */
  readonly oldProcesses?: readonly OldProcesses[];
  /** ISO date at which every entry point that can be looked at was last seen to serve it; absent where it is not verified, or none can. */
  readonly lastProven?: string;
}

export interface StatusResult {
  readonly certificates: readonly CertificateStatus[];
  /** By installation, where it serves certificates by name: whose is for everybody else; null: none of these. */
  readonly defaults?: Readonly<Record<string, string | null>>;
  /** Of servers as a whole. */
  readonly findings?: readonly Finding[];
  /** Some certificate is expired, failed, or not served as it should be. */
  readonly ok: boolean;
}

type Look = () => Promise<StatusLook>;

/** `seesServers`: root, who alone sees whether a server runs. */
export const status = async (world: World, only: readonly string[], seesServers = false): Promise<StatusResult> => {
  const states = world.store.list().flatMap((name) => readableState(world, name) ?? []);
  const deployed = states.filter(({ deployments }) => Object.keys(deployments).length > 0);
  const config = (await world.config.read())?.certificates ?? [];
  const names = [...new Set([...config.map(({ name }) => name), ...world.store.list()])].filter(
    (name) => only.length === 0 || only.includes(name),
  );
  const ofAccounts = await accountFindings(world, config);
  const left = await leftOf(
    world,
    states.filter(({ name }) => names.includes(name)),
    new Set(config.map(({ name }) => name)),
  );
  // Where nothing is deployed there is nothing to look at, nor to load.
  let looking: ReturnType<Look> | undefined;
  const look: Look = () => (looking ??= import("./old-processes.ts").then(({ statusLook }) => statusLook(world)));
  const certificates: CertificateStatus[] = [];
  for (const name of names) {
    const wanted = config.find((one) => one.name === name);
    const state = world.store.read(name);
    // Where nothing was ever tried for a name that nobody asks for any more there is nothing to tell.
    if (wanted || (state && (state.generations.length > 0 || state.lastError)))
      certificates.push(
        await statusOf(world, name, wanted, state, [...(ofAccounts.get(name) ?? []), ...(left.get(name) ?? [])], look),
      );
  }
  // A typing error of a first setup is told, and is no fault once there is a certificate.
  const some = certificates.some(({ configured, live }) => configured || live);
  const shown = deployed.filter(({ name }) => names.includes(name));
  const ofServers =
    seesServers && shown.length > 0 ? await (await import("./stopped-servers.ts")).stoppedServers(world, shown) : [];
  const byCa = certificates.some(({ issuer }) => issuer === "private-ca");
  const findings = byCa
    ? [...ofServers, ...(await (await import("./ca/show.ts")).standingCas(world)).findings]
    : ofServers;
  const defaults = defaultsOf(deployed);
  const ok = certificates.every((one) => isWell(one, some)) && !findings.some(isFault);
  return {
    certificates,
    ...(Object.keys(defaults).length > 0 ? { defaults } : {}),
    ...(findings.length > 0 ? { findings } : {}),
    ok,
  };
};

/** Where every certificate is in the servers that it should be in, there is nothing to look for, nor to load. */
const leftOf = async (
  world: World,
  states: readonly CertificateState[],
  configured: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly Finding[]>> => {
  const out = states.filter(
    ({ name, parked, deployments }) =>
      Object.keys(deployments).length === 0 && (parked === true || !configured.has(name)),
  );
  if (out.length === 0) return new Map();
  const forgettable = out.filter(({ name }) => !configured.has(name));
  return (await import("./left-in-servers.ts")).leftInServers(world, out, forgettable);
};

const isFault = ({ severity }: Finding): boolean => severity === "fault";

/** `some`: any certificate of this host is configured or live. */
export const isWell = (
  { configured, live, lastError, next, findings, asked, revocation, held }: CertificateStatus,
  some: boolean,
): boolean => {
  // A key that should not be served any more, or a revocation that nobody has carried out.
  if (revocation !== undefined || findings?.some(isFault)) return false;
  if (configured && held !== undefined && next?.action !== "nothing") return false;
  if (!configured) return asked === undefined || some;
  return live !== undefined && live.revoked === undefined && !isOpen(lastError, next) && !isDelayed(next);
};

/** Waiting for a maintenance window is as it should be. */
const isDelayed = (next: Decision | undefined): boolean => next?.action === "wait" && !next.window;

/** Something is still to be done about it: not where nothing was due, nor where what failed is not asked for any more. */
const isOpen = (error: LastError | undefined, next: Decision | undefined): boolean =>
  error !== undefined && !error.notDue && (error.what === "deploy" || next?.action !== "nothing");

const statusOf = async (
  world: World,
  name: string,
  config: CertificateConfig | undefined,
  state: CertificateState | undefined,
  given: readonly Finding[],
  look: Look,
): Promise<CertificateStatus> => {
  const target = state && targetOf(state);
  const live = state && liveGeneration(world, name, state);
  const asked = !config && !target ? state?.lastError?.entry : undefined;
  const caFailures = caFailuresOf(state, config);
  const next = config && decide(config, state, await wishNow(world, config, state), world.now());
  const lastError = await lastErrorNow(world, config, state, next);
  const deployed = Object.entries(state?.deployments ?? {}).map(([id, { server }]) => [id, server] as const);
  const { old, findings: ofProcesses } =
    deployed.length === 0 ? { old: [], findings: [] } : await (await look())(name, deployed);
  const findings = [
    ...ofProcesses,
    ...given,
    ...deadFindings(target, config),
    ...unmetFindings(stillWished(target?.unmet ?? [], config?.issuer)),
    ...endFindings(world, state, live, next),
    ...hookFindings(state, config),
    ...(config ? missedFindings(world, config, next) : []),
    ...(live && !state.parked ? await exposedFindings(world, name, slotsOf(live)) : []),
    ...(state ? await damagedFindings(world, state, live) : []),
    ...condemnedFindings(world, config, state, live),
    ...(config && next?.action === "issue" ? exchangedFindings(world, config) : []),
    ...(state ? unreadFindings(state) : []),
  ];
  const held = state && waitingHold(state, live?.number);
  const proven = state?.stage === "verified" ? lastProven(state) : undefined;
  return {
    name,
    names: config?.names ?? target?.names ?? (asked ? entryNames(name, asked) : []),
    issuer: config?.issuer.kind ?? target?.issuer ?? (asked ? entryIssuer(asked) : "unknown"),
    authority: config ? authorityOf(config.issuer) : (target?.authority ?? ""),
    configured: config !== undefined,
    folder: `${world.store.dir}/certificates/${name}`,
    ...(config ? { servers: config.servers } : target?.entry?.["servers"] === "none" ? { servers: [] } : {}),
    ...(asked ? { asked } : {}),
    ...(live ? { live } : {}),
    ...(target ? { target } : {}),
    rolledBack: rolledBackAfter(state, live),
    stage: state?.stage ?? "none",
    ...(next ? { next } : {}),
    parked: state?.parked ?? false,
    attempts: state?.attempts ?? 0,
    ...(lastError ? { lastError } : {}),
    ...(caFailures.length > 0 ? { caFailures } : {}),
    ...(state?.earlierRevocations ? { earlierRevocations: state.earlierRevocations } : {}),
    ...(state?.revocation ? { revocation: state.revocation } : {}),
    ...(held ? { held } : {}),
    ...(findings.length > 0 ? { findings } : {}),
    deployments: state?.deployments ?? {},
    ...(old.length > 0 ? { oldProcesses: old } : {}),
    ...(proven === undefined ? {} : { lastProven: proven.toISOString() }),
  };
};

const wishNow = async (
  world: World,
  config: CertificateConfig,
  state: CertificateState | undefined,
): Promise<Wish> => ({
  force: false,
  named: false,
  ...windowWish(world, config),
  ...(await fingerprintIfWaiting(world, config, state)),
});

/** `next` undefined: it is not in the configuration. */
const endFindings = (
  world: World,
  state: CertificateState | undefined,
  live: GenerationRecord | undefined,
  next: Decision | undefined,
): readonly Finding[] => {
  if (!state) return [];
  if (next) return overdueFindings(state, live, next, world.now());
  const orphan = live && orphanFinding(state, live, setupAgain(state.name, live), world.now());
  // The lines below it say that nothing renews it.
  return orphan && isFault(orphan) ? [orphan] : [];
};

/** In the order of the configuration; one that it no longer names is nobody's business. */
const caFailuresOf = (
  state: CertificateState | undefined,
  config: CertificateConfig | undefined,
): readonly CaTrouble[] =>
  (config ? [config.issuer, ...config.fallbacks] : []).flatMap((settings) => {
    const failure = settings.kind === "acme" ? state?.caFailures?.[settings.directory] : undefined;
    return failure && settings.kind === "acme"
      ? [{ ca: caTitle(settings), directory: settings.directory, ...failure }]
      : [];
  });

const rolledBackAfter = (state: CertificateState | undefined, live: GenerationRecord | undefined): readonly number[] =>
  live === undefined
    ? []
    : (state?.generations ?? [])
        .filter(({ number, failed }) => number > live.number && failed !== undefined)
        .map(({ number }) => number);
