// A chain from the issuer for each key of a certificate, refused unless it is what was asked for.
import { authorityOf } from "../domain/generation.ts";
import { issuerTitle } from "../domain/setup-command.ts";
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { KeyAlgorithm, Slot } from "../domain/keys.ts";
import { certifiedKeyOf } from "../domain/key-match.ts";
import { certificateMatches } from "../domain/name-match.ts";
import { type SubjectKey, spkiOf } from "../domain/subject-key.ts";
import { type UnmetWish, unmetOf } from "../domain/unmet-wish.ts";
import { whyNotValid } from "../domain/validity.ts";
import type { IssuedChain } from "../issuers/issuer.ts";
import type { CertificateState, GenerationRecord, LeafRecord, StagedSlot } from "../store/store.ts";
import type { ChosenKey } from "./certified-keys.ts";
import type { OrderTerms } from "./order-terms.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** A later run asks again; the clock of this host may be the wrong one. */
export const wrongDates = (who: string, why: string): Failure =>
  new Failure("unavailable", `${who} returned a certificate that is not used: ${why}; it was thrown away`, {
    hints: ["compare the clock of this host with the CA's: timedatectl, and `mailcert issue --dry-run NAME`"],
    facts: { code: "BAD_DATES" },
  });

/** What is there already renews nothing; where that is to be revoked, the new one would be revoked with it. @throws Failure `unavailable`. */
const refuseKnown = ({ issuer }: CertificateConfig, { generations }: CertificateState, sha256: string): void => {
  const known = generations.find(({ leaves }) => Object.values(leaves).some((leaf) => leaf.sha256 === sha256));
  if (!known) return;
  throw new Failure(
    "unavailable",
    `${issuer.kind} returned the certificate of generation ${known.number} again, not a new one; it was thrown away`,
  );
};

/** A chain for one key, refused unless it belongs to that key, carries the names and is valid. */
export const obtainChain = async (
  world: World,
  certificate: CertificateConfig,
  algorithm: KeyAlgorithm,
  key: SubjectKey,
  terms: OrderTerms = {},
): Promise<IssuedChain> => {
  const issuer = await world.issuer(certificate.issuer.kind);
  const chain = await issuer.issue({
    names: certificate.names,
    algorithm,
    ...(key.request === undefined ? { privateKey: key.privateKey } : { request: key.request }),
    settings: certificate.issuer,
    now: world.now(),
    signal: world.signal,
    step: world.step,
    record: (change) => recordChange(world, { certificate: certificate.name, ...change }),
    ...terms,
  });
  const leaf = readCertificate(chain.leaf);
  if (!certifiedKeyOf(chain.leaf).equals(spkiOf(key))) {
    throw new Failure(
      "unavailable",
      `${certificate.issuer.kind} returned a certificate for another key; it was thrown away`,
    );
  }
  const missing = certificate.names.filter((name) => !certificateMatches(leaf, name));
  if (missing.length > 0) {
    throw new Failure(
      "unavailable",
      `${certificate.issuer.kind} returned a certificate without ${missing.join(", ")}; it was thrown away`,
    );
  }
  const why = whyNotValid(leaf, world.now());
  if (why !== undefined) throw wrongDates(certificate.issuer.kind, why);
  return chain;
};

export interface Obtained {
  readonly staged: Readonly<Partial<Record<Slot, StagedSlot>>>;
  readonly leaves: GenerationRecord["leaves"];
  /** Milliseconds since the epoch. */
  readonly span: { readonly notBefore: number; readonly notAfter: number };
  readonly root?: string;
  readonly account?: string;
  readonly notes: readonly string[];
  readonly unmet: readonly UnmetWish[];
}

/** One after the other: a CA may take two orders for the same names for one (acme.md §2.3). */
export const obtainSlots = async (
  world: World,
  certificate: CertificateConfig,
  keys: readonly ChosenKey[],
  termsOf: (slot: Slot) => OrderTerms,
): Promise<Obtained> => {
  const staged: Partial<Record<Slot, StagedSlot>> = {};
  const leaves: Partial<Record<Slot, LeafRecord>> = {};
  const span = { notBefore: 0, notAfter: Number.POSITIVE_INFINITY };
  let root: string | undefined;
  let account: string | undefined;
  const notes: string[] = [];
  const unmet: Partial<Record<Slot, readonly UnmetWish[]>> = {};
  for (const key of keys) {
    const { algorithm, slot } = key;
    world.progress?.(
      `asking ${issuerTitle({ issuer: certificate.issuer.kind, authority: authorityOf(certificate.issuer) })} for a certificate (${algorithm})`,
    );
    world.step(`${certificate.name}: asking ${certificate.issuer.kind} for a certificate (${algorithm})`);
    const chain = await obtainChain(world, certificate, algorithm, key, termsOf(slot));
    const facts = readCertificate(chain.leaf);
    refuseKnown(certificate, key.state, facts.sha256);
    const ours = key.request === undefined ? { privateKey: key.privateKey } : { request: key.pem };
    staged[slot] = { ...ours, leaf: chain.leaf, chain: chain.chain };
    const kept = key.request === undefined ? { key: key.id } : {};
    leaves[slot] = { sha256: facts.sha256, spkiSha256: facts.spkiSha256, ...kept, algorithm };
    span.notBefore = Math.max(span.notBefore, facts.notBefore.getTime());
    span.notAfter = Math.min(span.notAfter, facts.notAfter.getTime());
    root = chain.root ?? root;
    account = chain.account ?? account;
    notes.push(...(chain.notes ?? []));
    unmet[slot] = chain.unmet ?? [];
  }
  return {
    staged,
    leaves,
    span,
    notes,
    unmet: unmetOf(unmet),
    ...(root === undefined ? {} : { root }),
    ...(account === undefined ? {} : { account }),
  };
};
