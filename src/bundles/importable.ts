// What there is to import: the root of a private CA, a self-signed certificate, or nothing.
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import type { BundleMaterial } from "./bundle.ts";

export interface Importable {
  readonly kind: "private-ca" | "self-signed";
  /** The first certificate of the text: whatever else it holds (a key!) goes no further. */
  readonly certificate: CertificateFacts;
  /** The CA's next one, which verifies what is served from the next renewal on: between that and a rotation. */
  readonly newer: CertificateFacts | undefined;
  /** Those before it of the same CA, newest first; empty but for a while after a rotation. */
  readonly older: readonly CertificateFacts[];
  /** `newer`, then `older`: files that can hold several have all of them. */
  readonly beside: readonly CertificateFacts[];
  /** Name of its files without the ending. A certificate that is no CA must not be called one: Android would refuse it as such. */
  readonly stem: "ca" | "server";
}

/** The file of an earlier root, text or binary: one each, for some programs read the first certificate of a file alone. `index`: of `older`. */
export const olderFile = (stem: Importable["stem"], index: number, ending: "crt" | "cer"): string =>
  `${stem}-older${index === 0 ? "" : `-${index + 1}`}.${ending}`;

/** Their names as text (PEM). */
export const olderCrts = ({ stem, older }: Pick<Importable, "stem" | "older">): readonly string[] =>
  older.map((_, index) => olderFile(stem, index, "crt"));

type Roots = Pick<BundleMaterial, "root" | "newerRoot" | "olderRoots">;

/** undefined for a publicly trusted certificate. */
export const importableOf = ({ root, newerRoot, olderRoots }: Roots): Importable | undefined => {
  if (root === undefined) return undefined;
  const certificate = readCertificate(root);
  if (!certificate.isCa)
    return { kind: "self-signed", certificate, newer: undefined, older: [], beside: [], stem: "server" };
  const newer = newerRoot === undefined ? undefined : readCertificate(newerRoot);
  const older = olderRoots.map(readCertificate).filter(({ sha256 }) => sha256 !== certificate.sha256);
  return { kind: "private-ca", certificate, newer, older, beside: [...(newer ? [newer] : []), ...older], stem: "ca" };
};
