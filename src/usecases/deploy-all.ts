// Deploy for several certificates: one that fails keeps neither the others from being deployed nor what was done from being told.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Failure } from "../domain/failure.ts";
import { deploy } from "./deploy.ts";
import type { DeployOptions, DeployResult } from "./deployment.ts";
import { failureOf, stopped } from "./one-failure.ts";
import type { World } from "./world.ts";

export interface DeployAttempt {
  readonly certificate: string;
  readonly deployed?: DeployResult;
  /** Why it could not be done. */
  readonly failure?: Failure;
}

/** @throws Failure where there is one certificate only, and it fails. */
export const deployAll = async (
  world: World,
  certificates: readonly CertificateConfig[],
  options: DeployOptions,
): Promise<readonly DeployAttempt[]> => {
  const attempts: DeployAttempt[] = [];
  for (const one of certificates) {
    const certificate = one.name;
    try {
      if (world.signal.aborted) throw stopped();
      attempts.push({ certificate, deployed: await deploy(world, one, options) });
    } catch (error) {
      if (certificates.length === 1) throw error;
      attempts.push({ certificate, failure: failureOf(error, world) });
    }
  }
  return attempts;
};
