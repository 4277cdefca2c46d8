// What a certificate's and an ACME CA's settings are where a test says nothing of them.
import type { AcmeSettings, CertificateConfig } from "../../src/domain/certificate-config.ts";

export const usualCertificate = {
  fallbacks: [],
  reuseKey: true,
  onDeadName: "fail",
} as const satisfies Partial<CertificateConfig>;

export const usualAcme = {
  challenges: ["http-01"],
  tlsAlpnAddress: ":443",
  profiles: [],
} as const satisfies Partial<AcmeSettings>;
