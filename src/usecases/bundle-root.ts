// What clients have to import so that they trust a certificate: a root, the self-signed certificate itself, or nothing.
import { type CertificateFacts, readCertificate, splitPem } from "../domain/certificate.ts";
import { acmeCaOf } from "../domain/acme-directories.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { sortChain } from "../domain/chain.ts";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { leadsTo } from "../domain/trust.ts";
import type { GenerationRecord, PublicSlot } from "../store/store.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface RootRequest {
  readonly certificate: CertificateConfig;
  readonly generation: GenerationRecord;
  readonly slots: readonly PublicSlot[];
  /** Absolute path of a file that holds the root, where a person named one. */
  readonly file?: string;
  /** The folder that the bundle goes into. */
  readonly dir: string;
  /** PEM of the root that the bundle's folder has from an earlier run. */
  readonly before?: string;
}

/** An expired certificate is no less publicly trusted: what it was when it was valid counts. */
const whenValid = ({ leaf }: PublicSlot, now: Date): Date => {
  const { notBefore, notAfter } = readCertificate(leaf);
  return new Date(Math.min(Math.max(now.getTime(), notBefore.getTime()), notAfter.getTime() - 1));
};

/** By the browsers' list that Node carries. The system's also holds what was put there on this host, so it is asked about public CAs alone (their newest roots). */
const isPublic = async (world: World, deps: BundleDeps, slot: PublicSlot, directory: string): Promise<boolean> => {
  const chain = [slot.leaf, ...slot.chain];
  const now = whenValid(slot, world.now());
  if (leadsTo(chain, await deps.publicRoots(), now)) return true;
  const known = acmeCaOf(directory);
  return known?.trusted === true && leadsTo(chain, await world.systemRoots(), now);
};

const rootAbove = (slot: PublicSlot, pool: readonly string[]): CertificateFacts | undefined => {
  const chain = [slot.leaf, ...slot.chain].map(readCertificate);
  const top = sortChain([...chain, ...pool.map(readCertificate)], chain[0]).at(-1);
  return top?.selfSigned === true ? top : undefined;
};

const named = async (deps: BundleDeps, slot: PublicSlot, file: string): Promise<string> => {
  const root = rootAbove(slot, await deps.readCertificates(file));
  if (root !== undefined) return root.pem;
  throw new Failure("data", `${file} (--root) does not hold the root that the certificate leads to`, {
    hints: [
      `its chain ends in a certificate that "${topIssuer(slot)}" signed: give that one, or what leads from there to its root`,
    ],
  });
};

const topIssuer = ({ leaf, chain }: PublicSlot): string => readCertificate(chain.at(-1) ?? leaf).issuer || "unnamed";

/** @returns PEM; undefined: every client trusts it. @throws Failure `config` where the root is nowhere to be found. */
export const importedRoot = async (
  world: World,
  deps: BundleDeps,
  { certificate, generation, slots, file, dir, before }: RootRequest,
): Promise<string | undefined> => {
  let slot = slots[0];
  if (generation.issuer === "acme") {
    const trusted = await Promise.all(slots.map((one) => isPublic(world, deps, one, generation.authority)));
    slot = slots.find((_one, index) => trusted[index] === false);
  }
  if (slot === undefined) {
    if (file === undefined) return undefined;
    throw new Failure("usage", `--root: clients trust the certificate of ${certificate.name} already`, {
      hints: ["leave --root out: there is nothing to import"],
    });
  }
  if (file !== undefined) return named(deps, slot, file);
  const caFile = certificate.issuer.kind === "acme" ? certificate.issuer.caFile : undefined;
  // In the order in which they are to be believed; the chain itself is in each.
  const sources: readonly (() => Promise<readonly string[]>)[] = [
    async () => [],
    async () => (caFile === undefined ? [] : deps.readCertificates(caFile)),
    async () => (before === undefined ? [] : splitPem(before)),
    () => world.systemRoots(),
  ];
  for (const source of sources) {
    const pool = await unlessFailure(source);
    const root = pool instanceof Failure ? undefined : rootAbove(slot, pool);
    if (root !== undefined) return root.pem;
  }
  throw new Failure(
    "config",
    `clients do not trust the certificate of ${certificate.name}, and the root that they would have to import is not at hand: the chain ends below "${topIssuer(slot)}"`,
    {
      hints: [
        `get that root from whoever runs the CA, and name it once: mailcert bundle ${certificate.name} --root FILE --out ${shellWord(dir)} (later runs find it in that folder)`,
        ...(caFile === undefined ? [] : [`or add it to ${caFile} (ca_file in the configuration)`]),
      ],
    },
  );
};
