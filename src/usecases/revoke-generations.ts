// A revocation's last step: every certificate of the doomed generations is revoked at its CA, and marked. May be repeated.
import { casOf, settingsAt } from "../domain/account-choice.ts";
import { readCertificate } from "../domain/certificate.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Slot } from "../domain/keys.ts";
import { type PendingRevocation, doomedBy } from "../domain/revocation.ts";
import type { RevokeRequest } from "../issuers/issuer.ts";
import type { GenerationRecord } from "../store/store.ts";
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
  /** `already`: it was revoked before. `expired`, `gone`: nothing was left to revoke, or its file is not kept any more. */
  readonly outcome: "planned" | "revoked" | "already" | "expired" | "gone";
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
  const pem = (await world.store.readCertificates(name, generation.number))[slot]?.leaf;
  if (pem === undefined) return { ...base, outcome: "gone" };
  const { serial, notAfter } = readCertificate(pem);
  if (notAfter <= world.now()) return { ...base, serial, outcome: "expired" };
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

const mark = async (world: World, name: string, number: number, reason: PendingRevocation["reason"]): Promise<void> => {
  const state = world.store.read(name);
  if (!state) return;
  const revoked = { at: world.now().toISOString(), reason };
  const generations = state.generations.map((one) =>
    one.number === number && !one.revoked ? { ...one, revoked } : one,
  );
  await world.store.write({ ...state, generations });
};

/** The pending revocation is done and forgotten, or it throws and stays. The caller holds the lock, and nothing doomed is live. */
export const revokePending = async (
  world: World,
  name: string,
  pending: PendingRevocation,
  certificate: CertificateConfig | undefined,
): Promise<readonly RevokedLeaf[]> => {
  const { reason, byKey } = pending;
  const state = world.store.read(name);
  if (!state) return [];
  const leaves: RevokedLeaf[] = [];
  for (const generation of doomedBy(state, pending, world.now())) {
    const mine: RevokedLeaf[] = [];
    for (const slot of Object.keys(generation.leaves) as Slot[])
      mine.push(await revokeLeaf(world, { name, certificate, byKey }, generation, slot, reason));
    leaves.push(...mine);
    if (!mine.some(({ outcome }) => outcome === "revoked" || outcome === "already")) continue;
    await mark(world, name, generation.number, reason);
    await recordChange(world, {
      certificate: name,
      what: `revoked generation ${generation.number} at ${generation.authority} (${reason})`,
    });
  }
  const { revocation: _done, ...rest } = world.store.read(name) ?? state;
  await world.store.write(rest);
  return leaves;
};
