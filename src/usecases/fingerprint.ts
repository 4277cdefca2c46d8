// What a certificate was asked for with: its whole entry and the files that it names, so that a change of either ends the wait after a failure.
import { dirname, join } from "node:path";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { rawEntry } from "../domain/certificate-settings.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { hooksOf } from "../domain/hook.ts";
import type { CertificateState } from "../store/store.ts";
import type { World } from "./world.ts";

const filesOf = (certificate: CertificateConfig, folder: string): readonly string[] => {
  const { csr, issuer, fallbacks } = certificate;
  const programs = Object.values(hooksOf(certificate)).map(({ run: [program] }) => program);
  const paths = [issuer, ...fallbacks].flatMap((settings) => {
    if (settings.kind !== "acme") return [];
    const { caFile, webroot, eab, dns } = settings;
    return [caFile, webroot, eab?.hmacFile, dns === undefined ? undefined : join(folder, "secrets", `${dns}.yaml`)];
  });
  return [...new Set([csr, ...paths, ...programs].filter((path) => path !== undefined))];
};

/** SHA-256, hex. The files are looked at, not read. undefined: this user (`status` needs no root) may not look at one. */
export const fingerprintOf = async (world: World, certificate: CertificateConfig): Promise<string | undefined> => {
  const files = filesOf(certificate, dirname(world.config.path));
  const marks = await Promise.all(files.map(async (path) => [path, await world.fileMark(path)]));
  if (marks.some(([, mark]) => mark === undefined)) return undefined;
  const { name, inherited } = certificate;
  const ofAll = inherited === undefined ? [] : [inherited];
  return sha256Hex(Buffer.from(JSON.stringify([name, ...rawEntry(certificate), ...ofAll, marks])));
};

/** Only where a wait depends on it: a run with nothing due looks at no file. */
export const fingerprintIfWaiting = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState | undefined,
): Promise<{ readonly fingerprint?: string }> => {
  if (state?.nextAttempt === undefined || state.lastError?.fingerprint === undefined) return {};
  const fingerprint = await fingerprintOf(world, certificate);
  return fingerprint === undefined ? {} : { fingerprint };
};
