// What there is to import: the root of a private CA, a self-signed certificate, or nothing.
import { X509Certificate } from "node:crypto";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import type { BundleMaterial } from "./bundle.ts";

export interface Importable {
  readonly kind: "private-ca" | "self-signed";
  readonly certificate: X509Certificate;
  /** For people: the common name, or the whole subject. */
  readonly title: string;
  /** Name of its files without the ending. A certificate that is no CA must not be called one: Android would refuse it as such. */
  readonly stem: "ca" | "server";
}

export const readCertificatePem = (pem: string, what: string): X509Certificate => {
  try {
    // Only the first certificate is read: whatever else the text holds (a key!) goes no further.
    return new X509Certificate(pem);
  } catch (error) {
    throw new Failure("data", `${what} is not a certificate`, { cause: error });
  }
};

/** `CN=mail.example.org` of a subject as Node writes it, one attribute a line. */
export const commonNameOf = (certificate: X509Certificate): string => {
  const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  return clean(name ?? certificate.subject, 100);
};

/** undefined for a publicly trusted certificate. */
export const importableOf = ({ root }: Pick<BundleMaterial, "root">): Importable | undefined => {
  if (root === undefined) return undefined;
  const certificate = readCertificatePem(root, "the root of the bundle");
  const kind = certificate.ca ? "private-ca" : "self-signed";
  return { kind, certificate, title: commonNameOf(certificate), stem: kind === "private-ca" ? "ca" : "server" };
};
