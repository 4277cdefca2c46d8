// What a run says of files for clients that it could not make: the certificate is served all the same, and each run tries again.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { BundleResult } from "./bundle.ts";
import { orFailure } from "./one-failure.ts";
import type { World } from "./world.ts";

/** Never throws: whatever goes wrong there, a bug too, ends nothing else. A stop is none: the next run sees that the folder is behind. */
export const bundleFindings = async (
  world: World,
  { name, bundle = "" }: CertificateConfig,
  job: () => Promise<BundleResult | undefined>,
): Promise<readonly Finding[]> => {
  const end = await orFailure(world, job);
  if (!(end instanceof Failure)) return end?.findings ?? [];
  if (end.kind === "try-later") return [];
  return [
    {
      check: "bundle-late",
      severity: "fault",
      message: `the files for clients of ${name} in ${bundle} are not up to date: ${end.message}`,
      ...(end.hints.length === 0 ? {} : { hint: end.hints.join("; ") }),
    },
  ];
};
