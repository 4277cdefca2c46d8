// Bundle: writes the client-import files of a certificate into a folder that is handed out; whole files, and nobody else's.
import type { BundleFile, BundleMaterial } from "../bundles/bundle.ts";
import { type BundleFormat, bundleFormatNames } from "../domain/bundle-formats.ts";
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { isWildcard } from "../domain/names.ts";
import { type BundleList, listName, listText, readList, sha256 } from "./bundle-list.ts";
import { type BundledFile, listAfter, planFiles } from "./bundle-plan.ts";
import { importedRoot } from "./bundle-root.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import { bundledGeneration } from "./bundled-generation.ts";
import { findServers } from "./entries.ts";
import type { ProfileSigner } from "./profile-signer.ts";
import type { World } from "./world.ts";

export interface BundleOptions {
  /** Absolute. */
  readonly dir: string;
  /** undefined: all, and files of an earlier run that are no longer made are removed. */
  readonly formats?: readonly BundleFormat[];
  /** Absolute path of a file with the root that the chain leads to, where none of mailcert's files has it. */
  readonly root?: string;
  /** Who signs Apple's profiles: `live`, or the absolute path of a PEM file; undefined: as the certificate's entry says. */
  readonly signProfile?: string;
  readonly dryRun: boolean;
}

export interface BundleResult {
  readonly certificate: string;
  readonly dir: string;
  readonly dryRun: boolean;
  /** What clients import; `nothing` for a publicly trusted certificate. */
  readonly imports: "root" | "self-signed" | "nothing";
  /** Of what they import: its name, and the fingerprint to be read to them. */
  readonly fingerprint?: { readonly title: string; readonly sha256: string };
  /** Of the certificate that profiles are signed with. */
  readonly signer?: { readonly title: string; readonly sha256: string; readonly until: Date };
  readonly files: readonly BundledFile[];
}

/** What clients need to know of a certificate that is live (or, before the first switch, staged). @throws Failure `config` when there is none yet. */
const bundleMaterial = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  { dir, root: file }: Pick<BundleOptions, "dir" | "root">,
): Promise<BundleMaterial> => {
  const { generation, slots: read } = await bundledGeneration(world, certificate);
  const slots = [read.ecdsa, read.rsa].filter((slot) => slot !== undefined);
  const [slot] = slots;
  if (slot === undefined) throw new Error("a generation without a slot");
  const host =
    certificate.names.find((name) => !isWildcard(name)) ?? certificate.names[0]?.slice(2) ?? certificate.name;
  const { servers: found } = await findServers(world, certificate);
  const before = await writtenRoot(deps, dir);
  return {
    root: await importedRoot(world, deps, {
      certificate,
      generation,
      slots,
      dir,
      ...(file === undefined ? {} : { file }),
      ...(before === undefined ? {} : { before }),
    }),
    olderRoots: [],
    chain: slot.chain,
    leaf: slot.leaf,
    names: certificate.names,
    host,
    entries: found
      .flatMap(({ listeners }) => listeners)
      .filter(({ ownCertificate }) => ownCertificate === undefined)
      .map(({ protocol, mode, port }) => ({ protocol, mode, port, host })),
    random: deps.random(32),
    now: world.now(),
  };
};

const fingerprintOf = (root: string): NonNullable<BundleResult["fingerprint"]> => {
  const { commonName, subject, sha256 } = readCertificate(root);
  return { title: commonName ?? subject, sha256 };
};

/** The root that an earlier run put there: a renewal changes the leaf, and asks nobody for a root again. */
const writtenRoot = async ({ folder }: BundleDeps, dir: string): Promise<string | undefined> => {
  await folder.refuseUnsafe(dir);
  const { files } = readList(await folder.read(`${dir}/${listName}`));
  const content = await folder.read(`${dir}/ca.crt`);
  if (typeof content === "string" || files.get("ca.crt")?.includes(sha256(content)) !== true) return undefined;
  return Buffer.from(content).toString("latin1");
};

/** Whether the folder was last filled for another certificate than the live one, or profiles are to be signed by somebody else: a look at one small file. */
export const isBundleBehind = async (
  world: World,
  { folder }: BundleDeps,
  certificate: CertificateConfig,
  dir: string,
): Promise<boolean> => {
  const number = world.store.liveNumber(certificate.name);
  const live = world.store.read(certificate.name)?.generations.find((generation) => generation.number === number);
  const leaf = live?.leaves.ecdsa ?? live?.leaves.rsa;
  if (leaf === undefined) return false;
  const list = readList(await folder.read(`${dir}/${listName}`));
  if (list.leaf !== leaf.sha256) return true;
  const from = certificate.signProfile;
  if (from === undefined) return false;
  return list.signing?.from !== from || (from !== "live" && list.signing.mark !== (await world.fileMark(from)));
};

/** Who signs, looked up only where there is something to sign; and what the list remembers of it. */
interface Signatures {
  readonly signer: () => Promise<ProfileSigner>;
  readonly signing: NonNullable<BundleList["signing"]>;
}

/** Running it again on the same certificate changes nothing. @throws Failure `cannot-create` before anything is written when a file is not ours. */
export const writeBundle = async (
  deps: BundleDeps,
  certificate: CertificateConfig,
  material: BundleMaterial,
  options: BundleOptions,
  signatures?: Signatures,
): Promise<BundleResult> => {
  const { dir, dryRun, formats = bundleFormatNames } = options;
  await deps.folder.refuseUnsafe(dir);
  const wanted: BundleFile[] = [];
  for (const format of formats) wanted.push(...(await deps.formats[format]())(material, deps.render));
  const signer = wanted.some(({ profile }) => profile) ? await signatures?.signer() : undefined;
  const ours = readList(await deps.folder.read(`${dir}/${listName}`));
  const plan = await planFiles(deps, wanted, options, ours, signer);
  const imports =
    material.root === undefined ? "nothing" : readCertificate(material.root).isCa ? "root" : "self-signed";
  const files = plan.map(({ content: _content, present: _present, ...file }) => file);
  const fingerprint = material.root === undefined ? {} : { fingerprint: fingerprintOf(material.root) };
  const result: BundleResult = {
    certificate: certificate.name,
    dir,
    dryRun,
    imports,
    ...fingerprint,
    ...(signer && { signer: { title: signer.title, sha256: signer.sha256, until: signer.until } }),
    files,
  };
  if (dryRun) return result;
  const ready = new Map<string, string | Uint8Array>();
  for (const { path, content } of plan) if (content !== undefined) ready.set(path, await content());
  const hashes = new Map<string, string>();
  for (const { path, present } of plan) if (present !== undefined) hashes.set(path, present);
  for (const [path, content] of ready) hashes.set(path, sha256(content));
  // Some formats only: the others may still be of an earlier certificate.
  const whole = options.formats === undefined;
  const { leaf, signing } = whole
    ? { leaf: readCertificate(material.leaf).sha256, signing: signatures?.signing }
    : ours;
  const now: BundleList = {
    ...listAfter(ours, wanted, plan, hashes, signer),
    ...(leaf === undefined ? {} : { leaf }),
    ...(signing === undefined ? {} : { signing }),
  };
  if (plan.every(({ change }) => change === "unchanged") && listText(now) === listText(ours)) return result;
  // First a list that knows the old and the new content, so that a run killed in between finds its own files.
  const both = [...new Set([...ours.files.keys(), ...now.files.keys()])].map(
    (path) => [path, [...new Set([...(ours.files.get(path) ?? []), ...(now.files.get(path) ?? [])])]] as const,
  );
  // What is about to be signed anew may be either of the two, so that neither is taken for the other.
  const certain = new Map([...ours.signed].filter(([path]) => !ready.has(path)));
  const write = (list: BundleList): Promise<void> => deps.folder.write(`${dir}/${listName}`, listText(list));
  await write({ ...ours, files: new Map(both), signed: certain });
  // Side by side: most of the time is the disk's. All have ended before a failure is told.
  const ends = await Promise.allSettled(
    plan.map(async ({ path, change }) => {
      const content = ready.get(path);
      if (content !== undefined) await deps.folder.write(`${dir}/${path}`, content);
      else if (change === "removed") await deps.folder.remove(`${dir}/${path}`);
    }),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  await write(now);
  return result;
};

/** The whole verb, for the command and for whoever keeps a bundle up to date after a renewal. */
export const bundle = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  options: BundleOptions,
): Promise<BundleResult> => {
  const material = await bundleMaterial(world, deps, certificate, options);
  const from = options.signProfile ?? certificate.signProfile;
  if (from === undefined) return writeBundle(deps, certificate, material, options);
  const mark = from === "live" ? undefined : await world.fileMark(from);
  return writeBundle(deps, certificate, material, options, {
    signer: async () => (await import("./profile-signer.ts")).profileSigner(world, deps, certificate, from),
    signing: { from, ...(mark === undefined ? {} : { mark }) },
  });
};
