// Issue into a folder of somebody's choice: PEM files only, no record of the certificate.
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { type KeyAlgorithm, type Slot, slotOf } from "../domain/keys.ts";
import { emptyState } from "../domain/state.ts";
import { type UnmetWish, unmetFindings, unmetOf } from "../domain/unmet-wish.ts";
import { beforeOrder } from "./before-order.ts";
import { obtainChain } from "./obtain.ts";
import { keyOfRequest } from "./request-elsewhere.ts";
import type { World } from "./world.ts";

export interface IssuedFiles {
  readonly folder: string;
  readonly names: readonly string[];
  readonly notAfter: string;
  /** Paths, in the order of writing. */
  readonly files: readonly string[];
  readonly issuer: CertificateConfig["issuer"]["kind"];
  /** What the issuer made on the way, for people to know. */
  readonly notes?: readonly string[];
  /** What the CA did not give. */
  readonly findings?: readonly Finding[];
}

const keyOf = async (
  world: World,
  certificate: CertificateConfig,
  algorithm: KeyAlgorithm,
): Promise<{ privateKey: string; request?: undefined } | Awaited<ReturnType<typeof keyOfRequest>>> =>
  certificate.csr === undefined
    ? { privateKey: await world.generateKey(algorithm) }
    : keyOfRequest(world, certificate, certificate.csr, emptyState(certificate.name));

/** The first slot's files stand in the folder itself, a second one's below it. @throws Failure `config` where a key stands there already, `cannot-create` naming the path. */
export const issueFiles = async (
  world: World,
  certificate: CertificateConfig,
  folder: string,
  replace: boolean,
): Promise<IssuedFiles> => {
  const places = certificate.keys.map((algorithm, index) => (index === 0 ? folder : `${folder}/${slotOf(algorithm)}`));
  for (const place of places) await world.refuseUnsafeFolder(place);
  const taken = replace ? undefined : await world.keyAt(places);
  if (taken !== undefined) {
    throw new Failure("config", `${taken} exists: a private key is not written over unasked`, {
      hints: ["name another folder, or add --replace"],
    });
  }
  const ordered = { ...certificate, issuer: await beforeOrder(world, certificate) };
  const files: string[] = [];
  const notes: string[] = [];
  const unmet: Partial<Record<Slot, readonly UnmetWish[]>> = {};
  let notAfter = Number.POSITIVE_INFINITY;
  for (const [index, algorithm] of certificate.keys.entries()) {
    const key = await keyOf(world, certificate, algorithm);
    const chain = await obtainChain(world, ordered, algorithm, key);
    notes.push(...(chain.notes ?? []));
    unmet[slotOf(algorithm)] = chain.unmet ?? [];
    notAfter = Math.min(notAfter, readCertificate(chain.leaf).notAfter.getTime());
    const place = places[index] ?? folder;
    files.push(
      ...(await world.writePem(
        place,
        {
          ...(key.request === undefined ? { privateKey: key.privateKey } : { request: key.pem }),
          leaf: chain.leaf,
          chain: chain.chain,
        },
        index === 0 ? chain.root : undefined,
      )),
    );
  }
  const findings = unmetFindings(unmetOf(unmet));
  return {
    folder,
    names: certificate.names,
    notAfter: new Date(notAfter).toISOString(),
    files,
    issuer: certificate.issuer.kind,
    ...(notes.length === 0 ? {} : { notes }),
    ...(findings.length === 0 ? {} : { findings }),
  };
};
