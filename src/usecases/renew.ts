// Renew: what a timer runs. Issues what is due, finishes what an earlier run left undone, deploys, proves.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Decision } from "../domain/renew-decision.ts";
import { refreshBundle } from "./after-setup.ts";
import { deploy } from "./deploy.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import { decideNow } from "./intact.ts";
import { findServers } from "./entries.ts";
import { type IssueResult, issue, rememberFailure } from "./issue.ts";
import { refuseSecond } from "./one-certificate.ts";
import type { World } from "./world.ts";

export interface RenewOptions extends DeployOptions {
  readonly force: boolean;
  readonly newKey: boolean;
  /** Certificates were named on the command line. */
  readonly named: boolean;
  readonly dryRun: boolean;
}

export interface RenewedCertificate {
  readonly certificate: string;
  readonly decision: Decision;
  readonly issued?: IssueResult;
  readonly deployed?: DeployResult;
  /** Why it could not be done; the others go on. */
  readonly failure?: Failure;
}

export interface RenewResult {
  readonly certificates: readonly RenewedCertificate[];
  /** `fault` if any has one, else `waiting` if any waits, else `done`. */
  readonly outcome: "done" | "fault" | "waiting";
}

/** The caller holds the lock, unless it is a dry run. */
export const renew = async (
  world: World,
  certificates: readonly CertificateConfig[],
  options: RenewOptions,
): Promise<RenewResult> => {
  const results: RenewedCertificate[] = [];
  for (const certificate of certificates) {
    if (world.signal.aborted) throw new Failure("try-later", "stopped; the next run goes on from here");
    results.push(await renewOne(world, certificate, options));
  }
  return { certificates: results, outcome: outcomeOf(results) };
};

const renewOne = async (
  world: World,
  certificate: CertificateConfig,
  options: RenewOptions,
): Promise<RenewedCertificate> => {
  const base = { certificate: certificate.name };
  let decision: Decision | undefined;
  let issued: IssueResult | undefined;
  let deployed: DeployResult | undefined;
  try {
    decision = await decideNow(world, certificate, options);
    if (options.dryRun || decision.action === "nothing" || decision.action === "wait") return { ...base, decision };
    world.step(`${certificate.name}: ${decision.action}: ${decision.why}`);
    if (decision.action === "issue") {
      // Before a certificate is spent on one that no server may take.
      await refuseSecond(world, certificate, (await findServers(world, certificate)).servers);
      issued = await issue(world, certificate, { newKey: options.newKey });
    }
    if (world.store.read(certificate.name)?.parked) return { ...base, decision, ...(issued ? { issued } : {}) };
    deployed = await deploy(world, certificate, options);
    await refreshBundle(world, certificate, false);
    return { ...base, decision, ...(issued ? { issued } : {}), deployed };
  } catch (failure) {
    // One certificate that fails must not keep the others from being renewed.
    if (!(failure instanceof Failure)) throw failure;
    const deploying = issued !== undefined || decision?.action === "deploy";
    // What issue() failed at is remembered there.
    if (deploying && !deployed && failure.kind !== "try-later") await remember(world, certificate.name, failure);
    return {
      ...base,
      decision: decision ?? { action: "issue", why: "unknown" },
      ...(issued ? { issued } : {}),
      ...(deployed ? { deployed } : {}),
      failure,
    };
  }
};

/** A full disk must not hide what went wrong before it. */
const remember = async (world: World, name: string, failure: Failure): Promise<void> => {
  try {
    await rememberFailure(world, name, "deploy", failure);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.step(error.message);
  }
};

const outcomeOf = (results: readonly RenewedCertificate[]): RenewResult["outcome"] => {
  const fault = results.some(
    ({ deployed, failure }) =>
      (failure && failure.kind !== "try-later") || deployed?.findings.some((finding) => finding.severity === "fault"),
  );
  if (fault) return "fault";
  const waits = results.some(({ decision, failure }) => decision.action === "wait" || failure?.kind === "try-later");
  return waits ? "waiting" : "done";
};
