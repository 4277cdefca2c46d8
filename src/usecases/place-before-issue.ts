// Before a certificate is spent on one that no server may take: why not, which is written down like any other failed attempt.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { placeOf } from "./one-certificate.ts";
import { rememberFailure } from "./remember-failure.ts";
import type { World } from "./world.ts";

/**
 * What was served once is renewed wherever its servers are now: neither key nor certificate hangs on them, and the deployment that follows says what is in its way.
 * `batch`: what this run is about, itself among them.
 * @throws Failure `config` as `placeOf` does, remembered with the next attempt; `try-later` where it waits for another certificate, of which the state has the reason.
 */
export const placeBeforeIssue = async (
  world: World,
  certificate: CertificateConfig,
  batch: readonly CertificateConfig[],
): Promise<void> => {
  if (world.store.liveNumber(certificate.name) !== undefined) return;
  try {
    await placeOf(world, certificate, batch);
  } catch (error) {
    // Where not even that can be written (a full disk), the first failure is the one to tell.
    if (error instanceof Failure && error.kind !== "try-later")
      await rememberFailure(world, certificate, "issue", error).catch(ignoreFailure);
    throw error;
  }
};

const ignoreFailure = (error: unknown): void => {
  if (!(error instanceof Failure)) throw error;
};
