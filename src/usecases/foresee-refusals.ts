// What the issuers would refuse of a whole configuration, by what is on this host: known without spending anything, and without a network.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { fittingFailure } from "../domain/fitting-hint.ts";
import { refuseBadNames } from "./issue.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** By the certificate's name, in words of the configuration, in the order of the configuration. What this user may not look at is not there. */
export const foreseeRefusals = async (
  world: World,
  certificates: readonly CertificateConfig[],
): Promise<ReadonlyMap<string, Failure>> => {
  const refused = new Map<string, Failure>();
  /** Who makes a private CA that is not there yet, by its name. */
  const makers = new Map<string, CertificateConfig>();
  for (const certificate of certificates) {
    const { name, issuer } = certificate;
    const ca = issuer.kind === "private-ca" ? issuer.ca : "";
    const failure = await unlessFailure(() => refuseBadNames(world, certificate, makers.get(ca)));
    if (!(failure instanceof Failure)) {
      if (issuer.kind === "private-ca" && !makers.has(ca)) makers.set(ca, certificate);
    } else if (failure.kind !== "no-permission") refused.set(name, fittingFailure(failure, new Set()));
  }
  return refused;
};
