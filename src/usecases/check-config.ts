// What `config check` says: the file's problems, and what it names on this host that is missing or wrong.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { ConfigCheck } from "../domain/config-problem.ts";
import { Failure } from "../domain/failure.ts";
import { type Hook, hooksOf } from "../domain/hook.ts";
import { copies } from "../domain/file-target.ts";
import { placesWords } from "../domain/places.ts";
import { type SingleServer, sharedServerWarnings } from "../domain/shared-servers.ts";
import { emptyState } from "../domain/state.ts";
import { findServers } from "./entries.ts";
import { keyOfRequest } from "./request-elsewhere.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { ConfigAccess, World } from "./world.ts";

/** A thousand entries would say the same thing a thousand times. */
const mostOfAKind = 5;

const sentence = (what: string, { message, hints }: Failure): string =>
  `${what}: ${message}${hints[0] === undefined ? "" : ` -> ${hints[0]}`}`;

const requestWarnings = async (
  world: World,
  certificates: readonly CertificateConfig[],
): Promise<readonly string[]> => {
  const warnings: string[] = [];
  for (const certificate of certificates) {
    const { csr, name } = certificate;
    if (csr === undefined || warnings.length >= mostOfAKind) continue;
    const read = await unlessFailure(() => keyOfRequest(world, certificate, csr, emptyState(name)));
    if (read instanceof Failure) warnings.push(sentence(name, read));
  }
  return warnings;
};

/** By what names them: the settings of one updater are read once. */
const updaterWarnings = async (
  world: World,
  certificates: readonly CertificateConfig[],
  path: string,
): Promise<readonly string[]> => {
  const users = new Map<string, string>();
  for (const { name, issuer } of certificates) {
    if (issuer.kind !== "acme" || issuer.dns === undefined) continue;
    if (issuer.challenges.some((type) => type.startsWith("dns-")) && !users.has(issuer.dns))
      users.set(issuer.dns, name);
  }
  const { updater } = await world.preflight();
  const warnings: string[] = [];
  for (const [dns, name] of [...users].slice(0, 100)) {
    if (warnings.length >= mostOfAKind) break;
    const opened = await unlessFailure(() => updater(dns, path));
    if (opened instanceof Failure) warnings.push(sentence(name, opened));
  }
  return warnings;
};

/** Programs that root would not run, each named once. */
const hookWarnings = async (world: World, certificates: readonly CertificateConfig[]): Promise<readonly string[]> => {
  const programs = new Map<string, readonly [string, Hook]>();
  for (const certificate of certificates)
    for (const [event, hook] of Object.entries(hooksOf(certificate)))
      if (!programs.has(hook.run[0] ?? "")) programs.set(hook.run[0] ?? "", [event, hook]);
  if (programs.size === 0) return [];
  const { check } = await world.hooks();
  const warnings: string[] = [];
  for (const [event, hook] of [...programs.values()].slice(0, 100)) {
    if (warnings.length >= mostOfAKind) break;
    const checked = await unlessFailure(() => check(hook));
    if (checked instanceof Failure) warnings.push(sentence(event, checked));
  }
  return warnings;
};

/** Where a certificate with `addresses:` or `services:` cannot be served. */
const placeWarnings = async (world: World, certificates: readonly CertificateConfig[]): Promise<readonly string[]> => {
  const warnings: string[] = [];
  for (const certificate of certificates.filter(({ places }) => places)) {
    if (warnings.length >= mostOfAKind) break;
    const found = await unlessFailure(() => findServers(world, certificate));
    const notes = found instanceof Failure ? [] : found.notes.filter(({ check }) => check === "deploy-place");
    for (const { message, hint } of notes) warnings.push(`${message}${hint === undefined ? "" : ` -> ${hint}`}`);
    if (!(found instanceof Failure) && found.servers.length + notes.length === 0 && certificate.places)
      warnings.push(`${certificate.name}: nothing on this host listens at ${placesWords(certificate.places)}`);
  }
  return warnings;
};

/** Servers that take one certificate; what cannot be looked at is not here. */
const singleServers = async (world: World): Promise<readonly SingleServer[]> => {
  const single = Object.entries(await world.servers()).filter(([name, server]) => name !== copies && !server.sni);
  return Promise.all(
    single.map(async ([name, server]) => {
      const found = await unlessFailure(() => server.detect());
      return { name, here: !(found instanceof Failure) && found.length > 0 };
    }),
  );
};

/** Never throws for what is wrong inside a file. @throws Failure `config` when there is no file. */
export const checkConfig = async (world: World, access: ConfigAccess): Promise<ConfigCheck> => {
  const result = await access.check();
  if (result.problems.length > 0) return result;
  const certificates = (await access.read())?.certificates ?? [];
  return {
    ...result,
    warnings: [
      ...sharedServerWarnings(certificates, certificates.length > 1 ? await singleServers(world) : []).slice(
        0,
        mostOfAKind,
      ),
      ...result.warnings,
      ...(await requestWarnings(world, certificates)),
      ...(await updaterWarnings(world, certificates, access.path)),
      ...(await hookWarnings(world, certificates)),
      ...(await placeWarnings(world, certificates)),
    ],
  };
};
