// Pre-flight for every certificate of the configuration: what each issuer would refuse, and what would make an order fail.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { PreflightFinding } from "../domain/preflight.ts";
import { foreseeRefusals } from "./foresee-refusals.ts";
import { preflight } from "./preflight.ts";
import { trouble } from "./preflight-trouble.ts";
import { rememberLooks } from "./remember-looks.ts";
import type { World } from "./world.ts";

export interface CertificatePreflight {
  readonly certificate: CertificateConfig;
  readonly preflight: readonly PreflightFinding[];
}

export const preflightAll = async (
  world: World,
  certificates: readonly CertificateConfig[],
): Promise<readonly CertificatePreflight[]> => {
  const near = rememberLooks(world);
  const refused = await foreseeRefusals(near, certificates);
  const all: CertificatePreflight[] = [];
  for (const certificate of certificates) {
    const failure = refused.get(certificate.name);
    all.push({
      certificate,
      preflight: failure ? [trouble("preflight-name", failure)] : await preflight(near, certificate),
    });
  }
  return all;
};
