// What each client will say of a certificate that is live (or, before the first switch, staged): nothing is written, nobody is asked.
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Client } from "../domain/clients/client.ts";
import { clients } from "../domain/clients/index.ts";
import { type Opinion, type Reason, opinionsOf, worstOf } from "../domain/clients/opinion.ts";
import type { Trust } from "../domain/clients/served.ts";
import type { Slot } from "../domain/keys.ts";
import { isWildcard } from "../domain/names.ts";
import type { PublicSlot } from "../store/store.ts";
import { bundledGeneration } from "./bundled-generation.ts";
import { importedRoot } from "./bundle-root.ts";
import { importedRoots } from "./bundle-roots.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import type { World } from "./world.ts";

/** Where there are certificates for two kinds of key, and it is true of one alone: which. */
export type SlotReason = Reason & { readonly slot?: Slot };

export type SlotOpinion = Omit<Opinion, "reasons"> & { readonly reasons: readonly SlotReason[] };

export interface ExplainedBundle {
  readonly certificate: string;
  readonly generation: number;
  readonly live: boolean;
  readonly trust: Trust;
  /** What clients are configured with: the names without wildcards. */
  readonly names: readonly string[];
  /** What has to be imported. */
  readonly root?: CertificateFacts;
  /** A client may meet each of two certificates, so that the worst counts. */
  readonly opinions: readonly SlotOpinion[];
}

/** @throws Failure `config` when there is no certificate yet, or its root is nowhere to be found. */
export const explainBundle = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  { root: file }: { readonly root?: string } = {},
): Promise<ExplainedBundle> => {
  const { generation, slots: read } = await bundledGeneration(world, certificate);
  const kinds = (["ecdsa", "rsa"] as const).flatMap((slot): readonly (readonly [Slot, PublicSlot])[] => {
    const one = read[slot];
    return one === undefined ? [] : [[slot, one]];
  });
  const slots = kinds.map(([, one]) => one);
  const served = await importedRoot(world, deps, {
    certificate,
    generation,
    slots,
    dir: certificate.bundle ?? "DIR",
    ...(file === undefined ? {} : { file }),
  });
  // As the files have it: what `ca.crt` is.
  const { root: imported } = await importedRoots(world, generation, { served, slots });
  const root = imported === undefined ? undefined : readCertificate(imported);
  const names = certificate.names.filter((name) => !isWildcard(name));
  const now = world.now();
  const [first] = kinds.map(([, { leaf }]) => readCertificate(leaf));
  const trust: Trust = root === undefined ? "public" : first?.selfSigned === true ? "self-signed" : "private-ca";
  const bySlot = kinds.map(([slot, { leaf, chain }]) => {
    const served = { chain: [leaf, ...chain].map(readCertificate), trust, names, now };
    return { slot, opinions: opinionsOf({ ...served, ...(root === undefined ? {} : { root }) }, clients) };
  });
  return {
    certificate: certificate.name,
    generation: generation.number,
    live: world.store.liveNumber(certificate.name) === generation.number,
    trust,
    names,
    ...(root === undefined ? {} : { root }),
    opinions: clients.map((client, index) => merged(client, bySlot, index)),
  };
};

interface OfSlot {
  readonly slot: Slot;
  readonly opinions: readonly Opinion[];
}

const merged = (client: Client, bySlot: readonly OfSlot[], index: number): SlotOpinion => {
  const own = bySlot.flatMap(({ slot, opinions }) => {
    const opinion = opinions[index];
    return opinion ? [{ slot, opinion }] : [];
  });
  const reasons = own.flatMap(({ slot, opinion }, place) =>
    opinion.reasons.flatMap((reason): readonly SlotReason[] => {
      const alike = own.filter((other) => other.opinion.reasons.some(({ because }) => because === reason.because));
      if (alike.length === own.length) return place === 0 ? [reason] : [];
      return [{ ...reason, slot }];
    }),
  );
  const verdict = worstOf(own.map(({ opinion }) => opinion.verdict));
  const imports = verdict === "never" ? undefined : own.find(({ opinion }) => opinion.imports)?.opinion.imports;
  return { client, verdict, ...(imports ? { imports } : {}), reasons };
};
