// Status: every certificate that this host knows, what it is, how far it got, what happens next. Takes no lock.
import { type CaFailure, caTitle } from "../domain/ca-failures.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { authorityOf, generationOf, targetOf } from "../domain/generation.ts";
import { type Decision, decide, lastProof } from "../domain/renew-decision.ts";
import type { CertificateState, DeploymentRecord, GenerationRecord } from "../store/store.ts";
import { stillWished, unmetFindings } from "../domain/unmet-wish.ts";
import type { World } from "./world.ts";

type LastError = Omit<NonNullable<CertificateState["lastError"]>, "wanted">;

export interface CaTrouble extends CaFailure {
  readonly ca: string;
  readonly directory: string;
}

export interface CertificateStatus {
  readonly name: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly authority: string;
  /** In the configuration: timer runs renew it. */
  readonly configured: boolean;
  /** Everything that is kept of it. */
  readonly folder: string;
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
  /** Names that were left out. */
  readonly findings?: readonly Finding[];
  readonly deployments: Readonly<Record<string, DeploymentRecord>>;
  /** ISO date at which every entry point was last seen to serve it; absent where it is not verified. */
  readonly lastProven?: string;
}

export interface StatusResult {
  readonly certificates: readonly CertificateStatus[];
  /** Some certificate is expired, failed, or not served as it should be. */
  readonly ok: boolean;
}

export const status = async (world: World, only: readonly string[]): Promise<StatusResult> => {
  const config = (await world.config.read())?.certificates ?? [];
  const names = [...new Set([...config.map(({ name }) => name), ...world.store.list()])].filter(
    (name) => only.length === 0 || only.includes(name),
  );
  const certificates = names.flatMap((name) => {
    const wanted = config.find((one) => one.name === name);
    const state = world.store.read(name);
    // Where nothing was ever issued for a name that nobody asks for any more there is nothing to tell.
    return wanted || (state && state.generations.length > 0) ? [statusOf(world, name, wanted, state)] : [];
  });
  const now = world.now();
  const ok = certificates.every(
    ({ configured, live, lastError, next }) =>
      !configured ||
      (live !== undefined &&
        live.revoked === undefined &&
        new Date(live.notAfter) > now &&
        !lastError &&
        next?.action !== "wait"),
  );
  return { certificates, ok };
};

const statusOf = (
  world: World,
  name: string,
  config: CertificateConfig | undefined,
  state: CertificateState | undefined,
): CertificateStatus => {
  const target = state && targetOf(state);
  const live = state && generationOf(state, world.store.liveNumber(name));
  const caFailures = caFailuresOf(state, config);
  const findings = [
    ...deadFindings(target, config),
    ...unmetFindings(stillWished(target?.unmet ?? [], config?.issuer)),
  ];
  const proven = state?.stage === "verified" ? lastProof(state) : undefined;
  return {
    name,
    names: config?.names ?? target?.names ?? [],
    issuer: config?.issuer.kind ?? target?.issuer ?? "unknown",
    authority: config ? authorityOf(config.issuer) : (target?.authority ?? ""),
    configured: config !== undefined,
    folder: `${world.store.dir}/certificates/${name}`,
    ...(live ? { live } : {}),
    ...(target ? { target } : {}),
    rolledBack: rolledBackAfter(state, live),
    stage: state?.stage ?? "none",
    ...(config ? { next: decide(config, state, { force: false, named: false }, world.now()) } : {}),
    parked: state?.parked ?? false,
    attempts: state?.attempts ?? 0,
    ...(state?.lastError ? { lastError: lastErrorOf(state.lastError) } : {}),
    ...(caFailures.length > 0 ? { caFailures } : {}),
    ...(state?.revocation ? { revocation: state.revocation } : {}),
    ...(findings.length > 0 ? { findings } : {}),
    deployments: state?.deployments ?? {},
    ...(proven === undefined ? {} : { lastProven: proven.toISOString() }),
  };
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

/** Those that are asked for still. */
const deadFindings = (
  target: GenerationRecord | undefined,
  config: CertificateConfig | undefined,
): readonly Finding[] =>
  (target?.dropped ?? [])
    .filter((name) => config?.names.includes(name))
    .map((name) => ({
      check: "name-dead",
      severity: "warning",
      message: `${name} did not resolve when generation ${target?.number ?? ""} was issued: it was left out`,
      hint: "give it an address again, and the next renewal takes it back; or take it out of the configuration",
    }));

/** What was wanted then is for the next run to compare. */
const lastErrorOf = ({ wanted: _wanted, ...error }: NonNullable<CertificateState["lastError"]>): LastError => error;

const rolledBackAfter = (state: CertificateState | undefined, live: GenerationRecord | undefined): readonly number[] =>
  live === undefined
    ? []
    : (state?.generations ?? [])
        .filter(({ number, failed }) => number > live.number && failed !== undefined)
        .map(({ number }) => number);
