// A revocation's last step: every certificate of the doomed generations is revoked at its CA, and marked. May be repeated.
import { casOf, settingsAt } from "../domain/account-choice.ts";
import { readCertificate } from "../domain/certificate.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Slot } from "../domain/keys.ts";
import { type PendingRevocation, doomedBy, pendingOf, withPending } from "../domain/revocation.ts";
import type { RevokeRequest } from "../issuers/issuer.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { recordChange } from "./record-change.ts";
import { withRecordedCaFile } from "./recorded-ca-file.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface RevokedLeaf {
  readonly generation: number;
  readonly slot: Slot;
  readonly sha256: string;
  /** Hex; absent where its file is gone. */
  readonly serial?: string;
  /** `already`: it was revoked before. `expired`: nothing was left to revoke. `gone`, `failed`: it is valid still; its file is not here, or its CA did not do it. */
  readonly outcome: "planned" | "revoked" | "already" | "expired" | "gone" | "failed";
  /** Why it failed, or what of it could not be told to everybody. */
  readonly message?: string;
  /** Who asked: the account, or the certificate's own key (RFC 8555 §7.6). */
  readonly by?: RevokeRequest["by"];
}

const settingsOf = async (
  world: World,
  certificate: CertificateConfig | undefined,
  { authority }: GenerationRecord,
): Promise<AcmeSettings> =>
  (certificate ? casOf(certificate) : []).find(({ directory }) => directory === authority) ??
  withRecordedCaFile(world, settingsAt(authority, (await world.config.read())?.certificates ?? []));

/** By a private CA of this host, whose own record has it. */
const revokeHere = async (
  world: World,
  sha256: string,
  reason: PendingRevocation["reason"],
): Promise<Pick<RevokedLeaf, "serial" | "outcome" | "message">> => {
  const cas = await world.privateCas();
  const found = await cas.find(sha256);
  if (!found)
    throw new Failure(
      "data",
      `no private CA of this host has a record of the certificate with SHA-256 fingerprint ${sha256}`,
      {
        hints: ["put the CA back from a backup: mailcert ca restore FILE"],
      },
    );
  if (new Date(found.notAfter) <= world.now()) return { serial: found.serial, outcome: "expired" };
  const { serial, outcome, unpublished } = await cas.revoke(found, reason, world.now());
  const [failure] = unpublished;
  const behind =
    "a copy of the list of revoked certificates is not up to date, and whoever reads it accepts this still";
  return { serial, outcome, ...(failure ? { message: `${behind}: ${failure.message}` } : {}) };
};

/** `at https://...`, or by a CA of this host. */
export const atCa = ({ issuer, authority }: Pick<GenerationRecord, "issuer" | "authority">): string =>
  issuer === "private-ca" ? `by the private CA "${authority}"` : `at ${authority}`;

/** A refusal of the CA's that says something about who asks, not that it is to be asked later. */
const mayAskOtherwise = ({ kind, facts }: Failure): boolean => kind !== "try-later" && facts?.["problem"] !== undefined;

const revokeLeaf = async (
  world: World,
  { name, certificate, byKey }: { name: string; certificate: CertificateConfig | undefined; byKey: boolean },
  generation: GenerationRecord,
  slot: Slot,
  reason: PendingRevocation["reason"],
): Promise<RevokedLeaf> => {
  const record = generation.leaves[slot];
  const base = { generation: generation.number, slot, sha256: record?.sha256 ?? "" };
  if (generation.issuer === "private-ca") return { ...base, ...(await revokeHere(world, base.sha256, reason)) };
  const pem = (await world.store.readCertificates(name, generation.number))[slot]?.leaf;
  const ended = (notAfter: Date): boolean => notAfter <= world.now();
  if (pem === undefined) return { ...base, outcome: ended(new Date(generation.notAfter)) ? "expired" : "gone" };
  const { serial, notAfter } = readCertificate(pem);
  if (ended(notAfter)) return { ...base, serial, outcome: "expired" };
  const issuer = await world.issuer("acme");
  const revoke = issuer.revoke?.bind(issuer);
  if (!revoke) throw new Failure("config", `${generation.issuer} cannot revoke`);
  const request = {
    leaf: pem,
    reason,
    settings: await settingsOf(world, certificate, generation),
    signal: world.signal,
    step: world.step,
    ...(generation.account === undefined ? {} : { account: generation.account }),
  };
  const ask = async (by: RevokeRequest["by"], privateKey?: string): Promise<RevokedLeaf> => {
    const outcome = await revoke({ ...request, by, ...(privateKey === undefined ? {} : { privateKey }) });
    return { ...base, serial, outcome, by };
  };
  if (!byKey) return ask("account");
  const id = record?.key;
  const key = id === undefined ? undefined : await unlessFailure(() => world.store.readKey(name, slot, id));
  if (key === undefined || key instanceof Failure) return ask("account");
  // Signed by itself, the key proves that others may have it, too; a CA that does not take that is told by the account.
  const first = await unlessFailure(() => ask("certificate-key", key));
  if (!(first instanceof Failure)) return first;
  if (!mayAskOtherwise(first)) throw first;
  const second = await unlessFailure(() => ask("account"));
  if (second instanceof Failure) throw first;
  return second;
};

const mark = async (
  world: World,
  name: string,
  number: number,
  how: "revoking" | "revoked",
  reason: PendingRevocation["reason"],
): Promise<void> => {
  const state = world.store.read(name);
  if (!state) return;
  const now = { at: world.now().toISOString(), reason };
  const marked = ({ revoking, ...one }: GenerationRecord): GenerationRecord =>
    how === "revoked" ? { ...one, revoked: now } : { ...one, revoking: revoking ?? now };
  const generations = state.generations.map((one) => (one.number === number && !one.revoked ? marked(one) : one));
  await world.store.write({ ...state, generations });
};

/** What another revocation means is left to that one: its reason is another. */
const itsOwn = (state: CertificateState, pending: PendingRevocation, now: Date): readonly GenerationRecord[] => {
  const others = pendingOf(state).map(({ generation }) => generation);
  return doomedBy(state, pending, now).filter(
    ({ number }) => number === pending.generation || !others.includes(number),
  );
};

/** What a revocation came to. */
export interface Revoked {
  readonly leaves: readonly RevokedLeaf[];
  /** The first of those that failed. */
  readonly failure?: Failure;
}

/** Something of it is valid still: it stays under way. */
export const isUndone = ({ outcome }: RevokedLeaf): boolean => outcome === "failed" || outcome === "gone";

/** Done and forgotten, or it stays, when not all of it could be revoked. The caller holds the lock, and nothing doomed is live. */
export const revokePending = async (
  world: World,
  name: string,
  pending: PendingRevocation,
  certificate: CertificateConfig | undefined,
): Promise<Revoked> => {
  const { reason, byKey } = pending;
  const state = world.store.read(name);
  if (!state) return { leaves: [] };
  const leaves: RevokedLeaf[] = [];
  let failure: Failure | undefined;
  for (const generation of itsOwn(state, pending, world.now())) {
    // Before its CA is asked: where the answer is lost, it is not served again.
    await mark(world, name, generation.number, "revoking", reason);
    const mine: RevokedLeaf[] = [];
    for (const slot of Object.keys(generation.leaves) as Slot[]) {
      const leaf = await unlessFailure(() => revokeLeaf(world, { name, certificate, byKey }, generation, slot, reason));
      if (leaf instanceof Failure) {
        failure ??= leaf;
        const sha256 = generation.leaves[slot]?.sha256 ?? "";
        mine.push({ generation: generation.number, slot, sha256, outcome: "failed", message: leaf.message });
      } else mine.push(leaf);
    }
    leaves.push(...mine);
    if (mine.some(isUndone) || !mine.some(({ outcome }) => outcome === "revoked" || outcome === "already")) continue;
    await mark(world, name, generation.number, "revoked", reason);
    await recordChange(world, {
      certificate: name,
      what: `revoked generation ${generation.number} ${atCa(generation)} (${reason})`,
    });
  }
  if (!leaves.some(isUndone)) {
    const after = world.store.read(name) ?? state;
    const left = pendingOf(after).filter((one) => one.generation !== pending.generation);
    await world.store.write(withPending(after, left));
  }
  return { leaves, ...(failure ? { failure } : {}) };
};

/** All that are under way, the last one first. @throws the Failure where nothing at all could be revoked. */
export const revokeAll = async (
  world: World,
  name: string,
  certificate: CertificateConfig | undefined,
): Promise<{ readonly outcome: "revoked" | "unfinished"; readonly revoked: readonly RevokedLeaf[] }> => {
  const results: Revoked[] = [];
  for (const pending of pendingOf(world.store.read(name) ?? {}))
    results.push(await revokePending(world, name, pending, certificate));
  const revoked = results.flatMap(({ leaves }) => leaves);
  const failure = results.find((one) => one.failure)?.failure;
  if (failure && revoked.every(({ outcome }) => outcome === "failed")) throw failure;
  return { outcome: revoked.some(isUndone) ? "unfinished" : "revoked", revoked };
};
