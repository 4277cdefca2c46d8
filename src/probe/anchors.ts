// Trusted roots: the system's bundle (or Node's own list where there is none), one PEM text each.
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { splitPem } from "../domain/certificate.ts";
import { Failure } from "../domain/failure.ts";
import { fileFailure } from "../system/files.ts";

const bundles = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch, Gentoo, Alpine
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem", // openSUSE
  "/etc/ssl/cert.pem", // Alpine, BSDs, macOS
];

/** What browsers know (Mozilla's list, as Node carries it): nothing that was added on this host. */
export const publicRoots: readonly string[] = rootCertificates;

export const readSystemRoots = async (): Promise<readonly string[]> => {
  for (const path of bundles) {
    const found = await readFile(path, "latin1").then(splitPem, () => []);
    if (found.length > 0) return found;
  }
  return rootCertificates;
};

/** The certificates of a PEM or DER file. @throws Failure naming the file. */
export const readCertificateFile = async (path: string): Promise<readonly string[]> => {
  const content = await readFile(path).catch((error: unknown) => {
    throw fileFailure(error, "read", path);
  });
  const inPem = splitPem(content.toString("latin1"));
  try {
    return inPem.length > 0
      ? inPem.map((pem) => new X509Certificate(pem).toString())
      : [new X509Certificate(content).toString()];
  } catch (error) {
    throw new Failure("data", `${path} holds no certificate that can be read`, {
      cause: error,
      hints: ["give a file with one or more certificates in PEM (BEGIN CERTIFICATE), or one in DER"],
    });
  }
};
