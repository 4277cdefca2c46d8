// A rollback leaves a longer wait behind than other failures.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { nextAttempt } from "../domain/renewal.ts";
import { rememberFailure } from "./remember-failure.ts";
import type { World } from "./world.ts";

/** How many steps of the ladder are left out: each attempt asks the CA again, and takes some clients' TLS away for seconds. */
const slower = 3;

export const rememberRollback = async (
  world: World,
  certificate: CertificateConfig,
  message: string,
  attempts: number,
): Promise<void> => {
  const retryAt = nextAttempt(attempts + slower, world.now()).toISOString();
  const failure = new Failure("unavailable", message, { facts: { rolledBack: true, retryAt } });
  await rememberFailure(world, certificate, "deploy", failure, attempts - 1);
};
