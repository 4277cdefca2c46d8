// Certificates of a configuration that are for the same mail servers: each server gets one.
import type { CertificateConfig } from "./certificate-config.ts";

const overlap = (left: CertificateConfig, right: CertificateConfig): boolean => {
  if (left.servers === "auto") return right.servers === "auto" || right.servers.length > 0;
  return right.servers === "auto" ? left.servers.length > 0 : left.servers.some((name) => right.servers.includes(name));
};

/** One sentence for each certificate that an earlier one leaves no server to. */
export const sharedServerWarnings = (certificates: readonly CertificateConfig[]): readonly string[] =>
  certificates.flatMap((certificate, index) => {
    const first = certificates.slice(0, index).find((other) => overlap(other, certificate));
    return first
      ? [
          `${certificate.name} and ${first.name} are for the same servers, and each server gets one certificate: ` +
            `put all names into one, or give one of them servers: none`,
        ]
      : [];
  });
