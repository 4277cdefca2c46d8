// What there is to import: the root of a private CA, a self-signed certificate, or nothing.
import { createHash } from "node:crypto";
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import type { BundleMaterial } from "./bundle.ts";

export interface Importable {
  readonly kind: "private-ca" | "self-signed";
  /** The first certificate of the text: whatever else it holds (a key!) goes no further. */
  readonly certificate: CertificateFacts;
  /** Those beside it of the same CA, newest first; empty but for a while after a rotation. */
  readonly older: readonly CertificateFacts[];
  /** Name of its files without the ending. A certificate that is no CA must not be called one: Android would refuse it as such. */
  readonly stem: "ca" | "server";
}

/** For people: the common name, or the whole subject. */
export const titleOf = (certificate: CertificateFacts): string => certificate.commonName ?? certificate.subject;

/** `AA:BB:...`, as clients show it. */
export const fingerprintOf = ({ der }: CertificateFacts, hash: "sha256" | "sha1" | "md5"): string =>
  (createHash(hash).update(der).digest("hex").toUpperCase().match(/../g) ?? []).join(":");

/** The file of an earlier root in binary. `index`: of `older`. */
export const olderCer = (stem: Importable["stem"], index: number): string =>
  `${stem}-older${index === 0 ? "" : `-${index + 1}`}.cer`;

const read = (root: string, olderRoots: readonly string[]): Importable => {
  const certificate = readCertificate(root);
  const older = olderRoots.map(readCertificate).filter(({ sha256 }) => sha256 !== certificate.sha256);
  return certificate.isCa
    ? { kind: "private-ca", certificate, older, stem: "ca" }
    : { kind: "self-signed", certificate, older: [], stem: "server" };
};

/** Each format asks, of one material: a certificate takes a millisecond to read. */
const known = new WeakMap<object, Importable>();

/** undefined for a publicly trusted certificate. */
export const importableOf = (material: Pick<BundleMaterial, "root" | "olderRoots">): Importable | undefined => {
  if (material.root === undefined) return undefined;
  const importable = known.get(material) ?? read(material.root, material.olderRoots);
  known.set(material, importable);
  return importable;
};
