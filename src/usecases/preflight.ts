// Pre-flight: everything that would make an order fail, looked at before one is spent. Makes nothing, here or at the CA.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import {
  type PreflightFinding,
  backoffFinding,
  diskFinding,
  requestFinding,
  resolveFinding,
  writeFinding,
} from "../domain/preflight.ts";
import { decide } from "../domain/renew-decision.ts";
import { emptyState } from "../domain/state.ts";
import { askAddresses, needsAddress } from "./dead-names.ts";
import { findServers } from "./entries.ts";
import { allCaFindings } from "./preflight-ca.ts";
import { trouble } from "./preflight-trouble.ts";
import { wayFindings } from "./preflight-ways.ts";
import { keyOfRequest } from "./request-elsewhere.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** What becomes of a name that leads nowhere. */
const placeOf = (
  name: string,
  { names, onDeadName }: CertificateConfig,
): "first" | "further" | "droppable" | "ordered" => {
  if (onDeadName === "order") return "ordered";
  if (name === names[0]) return "first";
  return onDeadName === "drop" ? "droppable" : "further";
};

/** What each finding is about, in the order in which a person would mend it. Nothing for an issuer that spends nothing. */
export const preflight = async (world: World, certificate: CertificateConfig): Promise<readonly PreflightFinding[]> => {
  const { issuer, names } = certificate;
  if (issuer.kind !== "acme") return [];
  const addresses = askAddresses(world, names);
  const folders = await folderFindings(world, certificate);
  const resolved = await addresses;
  const own = world.localAddresses();
  return [
    ...backoff(world, certificate),
    ...(await requestFindings(world, certificate)),
    ...folders,
    ...resolved.map(({ name, lookup }) =>
      resolveFinding(name, lookup, own, needsAddress(issuer), placeOf(name, certificate)),
    ),
    ...(await wayFindings(world, certificate, issuer, resolved)),
    ...(await allCaFindings(world, certificate, issuer)),
  ];
};

/** As the timer's run decides it. */
const backoff = (world: World, certificate: CertificateConfig): readonly Finding[] => {
  const { name } = certificate;
  const decision = decide(certificate, readableState(world, name), { force: false, named: false }, world.now());
  return decision.action === "wait" ? [backoffFinding(name, decision.why, decision.until.toISOString())] : [];
};

const requestFindings = async (world: World, certificate: CertificateConfig): Promise<readonly Finding[]> => {
  const { csr, name } = certificate;
  if (csr === undefined) return [];
  const state = readableState(world, name) ?? emptyState(name);
  const request = await unlessFailure(() => keyOfRequest(world, certificate, csr, state));
  return [request instanceof Failure ? trouble("preflight-csr", request) : requestFinding(csr)];
};

const folderFindings = async (world: World, certificate: CertificateConfig): Promise<readonly Finding[]> => {
  const { accessTrouble, freeBytes } = await world.preflight();
  const { dir } = world.store;
  const found = await unlessFailure(() => findServers(world, certificate));
  const servers = found instanceof Failure ? [] : found.servers;
  const targets = servers.map(({ installation: { id, configDir } }) => ({ id, configDir }));
  const unread = found instanceof Failure ? [trouble("preflight-write", found)] : [];
  return [
    writeFinding("state", dir, await accessTrouble(dir)),
    diskFinding(dir, await freeBytes(dir)),
    ...(await Promise.all(
      targets.map(async ({ id, configDir }) =>
        writeFinding(`settings of ${id}`, configDir, await accessTrouble(configDir)),
      ),
    )),
    ...unread,
  ];
};
