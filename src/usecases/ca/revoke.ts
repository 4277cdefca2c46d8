// ca revoke: a certificate of a private CA, by its serial number, its file, or the name under which it is kept here.
import type { CertificateConfig } from "../../domain/certificate-config.ts";
import { readCertificate } from "../../domain/certificate.ts";
import { Failure } from "../../domain/failure.ts";
import type { Finding } from "../../domain/finding.ts";
import { targetOf } from "../../domain/generation.ts";
import type { RevocationReason } from "../../domain/revocation.ts";
import type { FoundCertificate, ShownClient } from "../../issuers/private-cas.ts";
import type { GenerationRecord } from "../../store/store.ts";
import { tellServers } from "../client-trust.ts";
import { recordChange } from "../record-change.ts";
import { namesIn, readableState, unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import { unpublished } from "./crl.ts";

export interface CaRevoked {
  readonly found: FoundCertificate;
  readonly reason: RevocationReason;
  readonly outcome: "planned" | "revoked" | "already" | "expired";
  /** The certificate and generation that it is here, where it is kept and not served. */
  readonly generation?: { readonly certificate: string; readonly number: number };
  /** Copies of the list that are not up to date. */
  readonly findings: readonly Finding[];
}

/** What a person means: one that servers have, which another has to replace first, or any other one. */
export type Meant =
  | { readonly kind: "kept"; readonly name: string; readonly certificate: CertificateConfig | undefined }
  | { readonly kind: "other"; readonly found: FoundCertificate; readonly generation?: CaRevoked["generation"] };

const hasLeaf = ({ leaves }: GenerationRecord, sha256: string): boolean =>
  Object.values(leaves).some((leaf) => leaf.sha256 === sha256);

const serialText = /^(?:0x)?[0-9a-f]{2}(?::?[0-9a-f]{2}){3,31}$/i;

const foundBy = async (world: World, what: string, path: string | undefined): Promise<FoundCertificate | undefined> => {
  const cas = await world.privateCas();
  if (serialText.test(what)) return cas.find(what.replaceAll(":", ""));
  if (path === undefined) return undefined;
  const pems = await unlessFailure(async () => (await world.verifying()).readCertificates(path));
  // Mistyped rather than a file: what is no path, and is not there.
  if (pems instanceof Failure && !what.includes("/") && (await world.fileMark(path)) === "ENOENT") return undefined;
  if (pems instanceof Failure) throw pems;
  const [pem] = pems;
  const facts = pem === undefined ? undefined : readCertificate(pem);
  return facts && ((await cas.find(facts.sha256)) ?? missing(`the certificate in ${path} (${facts.subject})`));
};

/** A person's own. @throws Failure `usage` where there are several: which device was lost nobody else can tell. */
const foundByAddress = async (world: World, what: string): Promise<FoundCertificate | undefined> => {
  if (!what.includes("@")) return undefined;
  const cas = await world.privateCas();
  const mine: (ShownClient & { readonly ca: string })[] = [];
  for (const name of await cas.list()) {
    const { clients = [] } = (await cas.show(name, world.now())) ?? {};
    const theirs = clients.filter(({ address }) => address.toLowerCase() === what.toLowerCase());
    mine.push(...theirs.map((one) => ({ ...one, ca: name })));
  }
  const [one, ...more] = mine;
  if (one === undefined || more.length === 0) return one && cas.find(one.serial);
  throw new Failure("usage", `${what} has ${mine.length} client certificates: say which one to revoke`, {
    hints: [
      ...mine.map(
        ({ serial, ca, login, notBefore, notAfter }) =>
          `mailcert ca revoke ${serial} (by the private CA "${ca}", user name ${login}, of ${notBefore.slice(0, 10)}, until ${notAfter.slice(0, 10)})`,
      ),
      "which is which: mailcert log says when each was made, and into which file",
    ],
  });
};

const missing = (what: string, names: readonly string[] = []): never => {
  throw new Failure("data", `${what} is none that a private CA of this host has signed: nothing was revoked`, {
    hints: [
      ...(names.length === 0 ? [] : [`certificates that are kept here: ${names.slice(0, 10).join(", ")}`]),
      "mailcert ca show lists the CAs; the serial numbers of all that they signed are in issued.jsonl of their folders, to be named whole",
      "one of another CA: mailcert revoke NAME, or that CA's own way",
    ],
  });
};

/** @throws Failure for what no private CA has signed. `path`: absolute, where `what` may be a file. */
export const meantBy = async (world: World, what: string, path: string | undefined): Promise<Meant> => {
  const config = await unlessFailure(() => world.config.read());
  // Whose device is lost cannot wait until somebody has mended the configuration.
  const isClear = serialText.test(what) || what.includes("@");
  if (config instanceof Failure && !isClear) throw config;
  const configured = (config instanceof Failure ? undefined : config?.certificates) ?? [];
  const kept = (name: string): Meant => {
    // What a server has is replaced first, and as the configuration says.
    if (config instanceof Failure) throw config;
    return { kind: "kept", name, certificate: configOf(name) };
  };
  const configOf = (name: string): CertificateConfig | undefined => configured.find((one) => one.name === name);
  const names = [...new Set([...configured.map(({ name }) => name), ...namesIn(world.store)])];
  if (names.includes(what)) return kept(what);
  const found =
    (await foundByAddress(world, what)) ??
    (await foundBy(world, what, path)) ??
    missing(`"${what.slice(0, 100)}"`, names);
  for (const name of namesIn(world.store)) {
    const state = readableState(world, name);
    const generation = state?.generations.find((one) => hasLeaf(one, found.sha256));
    if (!state || !generation) continue;
    const served = world.store.liveNumber(name) === generation.number || targetOf(state)?.number === generation.number;
    if (served) return kept(name);
    return { kind: "other", found, generation: { certificate: name, number: generation.number } };
  }
  return { kind: "other", found };
};

const mark = async (
  world: World,
  { certificate, number }: NonNullable<CaRevoked["generation"]>,
  reason: RevocationReason,
): Promise<void> => {
  const state = world.store.read(certificate);
  if (!state) return;
  const revoked = { at: world.now().toISOString(), reason };
  const generations = state.generations.map((one) =>
    one.number === number && !one.revoked ? { ...one, revoked } : one,
  );
  await world.store.write({ ...state, generations });
};

/** One that is not served: written down, listed, and never served again. The caller holds the lock, unless it is a dry run. */
export const revokeOther = async (
  world: World,
  { found, generation }: Extract<Meant, { kind: "other" }>,
  {
    reason,
    dryRun,
    confirm,
  }: {
    readonly reason: RevocationReason;
    readonly dryRun: boolean;
    readonly confirm: (question: string) => Promise<void>;
  },
): Promise<CaRevoked> => {
  const base = { found, reason: found.revoked?.reason ?? reason, ...(generation ? { generation } : {}), findings: [] };
  if (new Date(found.notAfter) <= world.now()) return { ...base, outcome: found.revoked ? "already" : "expired" };
  if (dryRun) return { ...base, outcome: found.revoked ? "already" : "planned" };
  const cas = await world.privateCas();
  // Once more, for the run before may not have come to the list, or to its copies.
  if (found.revoked) {
    if (generation) await mark(world, generation, base.reason);
    const again = await cas.revoke(found, reason, world.now());
    const told = await tellServers(world, found.ca);
    return { ...base, outcome: "already", findings: [...again.unpublished.map(unpublished), ...told] };
  }
  const whose = found.names.length > 0 ? ` for ${found.names.slice(0, 3).join(", ")}` : "";
  await confirm(
    `Revoke the certificate ${found.serial}${whose} by the private CA "${found.ca}" (${reason})? Nothing takes that back.`,
  );
  if (generation) await mark(world, generation, reason);
  const done = await cas.revoke(found, reason, world.now());
  await recordChange(world, {
    ...(generation ? { certificate: generation.certificate } : {}),
    what: `revoked the certificate ${found.serial}${whose} by the private CA "${found.ca}" (${reason})`,
  });
  const told = await tellServers(world, found.ca);
  return { ...base, outcome: done.outcome, findings: [...done.unpublished.map(unpublished), ...told] };
};
