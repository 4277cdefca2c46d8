// What is read to people by telephone, so that they can compare: the roots of a bundle, each with its fingerprints.
import type { BundleMaterial } from "../bundles/bundle.ts";
import { type CertificateFacts, readCertificate, titleOf } from "../domain/certificate.ts";
import { hexOf } from "../domain/fingerprint.ts";

export interface RootFingerprint {
  readonly title: string;
  readonly sha256: string;
  /** Hex. Windows shows this one alone, as the thumbprint. */
  readonly sha1: string;
}

export interface BesideRoot extends RootFingerprint {
  /** `next`: the CA's present one, which what is served leads to from the next renewal on. */
  readonly is: "next" | "earlier";
}

export const besideOf = ({
  newerRoot,
  olderRoots,
}: Pick<BundleMaterial, "newerRoot" | "olderRoots">): readonly BesideRoot[] => [
  ...(newerRoot === undefined ? [] : [{ ...printsOf(readCertificate(newerRoot)), is: "next" as const }]),
  ...olderRoots.map((root) => ({ ...printsOf(readCertificate(root)), is: "earlier" as const })),
];

export const printsOf = (root: CertificateFacts): RootFingerprint => ({
  title: titleOf(root),
  sha256: root.sha256,
  sha1: hexOf(root, "sha1"),
});
