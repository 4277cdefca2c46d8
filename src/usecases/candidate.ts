// What is about to be served, as DNS would judge it: keys alone before anything was issued, chains after.
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig, IssuerKind } from "../domain/certificate-config.ts";
import { authorityOf } from "../domain/generation.ts";
import { certifiedKeyOf, publicKeyOf } from "../domain/key-match.ts";
import type { Slot } from "../domain/keys.ts";
import type { TlsaOffer } from "../domain/tlsa.ts";
import type { GenerationRecord, PublicSlot } from "../store/store.ts";
import type { KeyInHand } from "./certified-keys.ts";
import type { World } from "./world.ts";

export interface Candidate {
  readonly certificate: string;
  readonly names: readonly string[];
  readonly issuer: IssuerKind;
  readonly authority: string;
  readonly slots: Readonly<Partial<Record<Slot, TlsaOffer>>>;
  /** PEM, leaf first; absent before anything was issued. */
  readonly chains?: readonly (readonly string[])[];
}

const fromConfig = (config: CertificateConfig): Omit<Candidate, "slots"> => ({
  certificate: config.name,
  names: config.names,
  issuer: config.issuer.kind,
  authority: authorityOf(config.issuer),
});

export const candidateOfKeys = (config: CertificateConfig, keys: readonly KeyInHand[]): Candidate => ({
  ...fromConfig(config),
  slots: Object.fromEntries(
    keys.map(({ slot, privateKey, request }) => [
      slot,
      { spki: request?.spki ?? (privateKey === undefined ? undefined : publicKeyOf(privateKey)) },
    ]),
  ),
});

type Slots = Readonly<Partial<Record<Slot, PublicSlot>>>;

/** Chains as they would be served. */
export const offersOf = (slots: Slots): Pick<Candidate, "slots" | "chains"> => ({
  slots: Object.fromEntries(
    Object.entries(slots).map(([slot, { leaf, chain }]) => [
      slot,
      { spki: certifiedKeyOf(leaf), chain: [leaf, ...chain].map((pem) => readCertificate(pem).der) },
    ]),
  ),
  chains: Object.values(slots).map(({ leaf, chain }) => [leaf, ...chain]),
});

export const candidateOfChains = (config: CertificateConfig, slots: Slots): Candidate => ({
  ...fromConfig(config),
  ...offersOf(slots),
});

export const candidateOfGeneration = async (
  world: World,
  certificate: string,
  { number, names, issuer, authority }: GenerationRecord,
): Promise<Candidate> => ({
  certificate,
  names,
  issuer,
  authority,
  ...offersOf(await world.store.readGeneration(certificate, number)),
});
