// Deploy for several certificates: one that fails keeps neither the others from being deployed nor what was done from being told.
import { refreshLateBundle } from "./after-setup.ts";
import { bundleFindings } from "./bundle-findings.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Failure } from "../domain/failure.ts";
import { deployTogether } from "./deploy.ts";
import type { DeployEnd, DeployOptions, DeployResult } from "./deployment.ts";
import { isNoPlace } from "./one-certificate.ts";
import { failureOf } from "./one-failure.ts";
import { rememberFailure } from "./remember-failure.ts";
import { unlessFailure } from "./unless-failure.ts";
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
  const ends = await deployTogether(world, certificates, options);
  for (const certificate of certificates) {
    const end = ends.get(certificate.name);
    // What others say (DNS, a better certificate) is this run's matter alone; that no server may take it is so for every run to come.
    if (end && "error" in end && isNoPlace(end.error))
      await unlessFailure(() => rememberFailure(world, certificate, "deploy", end.error as Failure));
  }
  await refreshBundles(world, certificates, ends);
  return certificates.map(({ name: certificate }) => {
    const end = ends.get(certificate);
    if (end && "result" in end) return { certificate, deployed: end.result };
    const error = end?.error ?? new Error(`${certificate} was not deployed`);
    if (certificates.length === 1) throw error;
    return { certificate, failure: failureOf(error, world) };
  });
};

/** The files for clients say where the servers are: what was proven now may be another than before. The timer's next run tells of a folder that cannot be written. */
const refreshBundles = async (
  world: World,
  certificates: readonly CertificateConfig[],
  ends: ReadonlyMap<string, DeployEnd>,
): Promise<void> => {
  for (const certificate of certificates) {
    const end = ends.get(certificate.name);
    if (!end || "error" in end) continue;
    for (const { message } of await bundleFindings(world, certificate, () => refreshLateBundle(world, certificate)))
      world.step(message);
  }
};
