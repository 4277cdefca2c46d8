// Bundle: writes the client-import files of a certificate into a folder that is handed out; whole files, and nobody else's.
import { dirname } from "node:path";
import type { BundleFile, BundleMaterial } from "../bundles/bundle.ts";
import { type BundleFormat, bundleFormatNames } from "../domain/bundle-formats.ts";
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { type AccountFlags, type BundledAccount, accountMark, bundledAccount, keptFiles } from "./bundle-account.ts";
import { type BundleList, listName, listText, readList, sha256 } from "./bundle-list.ts";
import { type AccountSource, bundleMaterial, rootsMark } from "./bundle-material.ts";
import { personMark, refuseOthersFiles } from "./bundle-person.ts";
import { type BundledFile, filesAtOnce, listAfter, planFiles } from "./bundle-plan.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import { refuseInKeptFolder } from "./kept-folder.ts";
import { parallel } from "./parallel.ts";
import type { ProfileSigner } from "./profile-signer.ts";
import { type BesideRoot, type RootFingerprint, besideOf, printsOf } from "./root-fingerprints.ts";
import { unlessFailure } from "./unless-failure.ts";
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
  /** Where the folder is published (`pageUrl`); undefined: as the certificate's entry says. */
  readonly url?: string;
  /** Beside what the entry says of accounts. */
  readonly account?: AccountFlags;
  readonly dryRun: boolean;
}

export interface BundleResult {
  readonly certificate: string;
  readonly dir: string;
  readonly dryRun: boolean;
  /** What clients import; `nothing` for a publicly trusted certificate. */
  readonly imports: "root" | "self-signed" | "nothing";
  /** Of what they import: its name, and the fingerprint to be read to them. */
  readonly fingerprint?: RootFingerprint;
  /** Of the other roots in the files, which scripts and profiles show as well; absent: there are none. */
  readonly beside?: readonly BesideRoot[];
  /** Of the certificate that profiles are signed with. */
  readonly signer?: { readonly title: string; readonly sha256: string; readonly until: Date };
  readonly files: readonly BundledFile[];
  /** Where account files were asked for. */
  readonly account?: BundledAccount;
  /** The page had this address as a QR code, which this run takes away: nobody said it again. */
  readonly lostUrl?: string;
  /** Of profiles that whoever the configuration names could not sign: all else is made. */
  readonly findings?: readonly Finding[];
}

/**
 * Whether the folder was last filled for another certificate than the live one, for other entry points or other roots, or profiles are
 * to be signed by somebody else: a look at one small file.
 */
export const isBundleBehind = async (
  world: World,
  { folder }: BundleDeps,
  certificate: CertificateConfig,
  dir: string,
): Promise<boolean> => {
  const number = world.store.liveNumber(certificate.name);
  const live = world.store.read(certificate.name)?.generations.find((generation) => generation.number === number);
  const leaf = live?.leaves.ecdsa ?? live?.leaves.rsa;
  if (live === undefined || leaf === undefined) return false;
  const list = readList(await folder.read(`${dir}/${listName}`));
  if (list.leaf !== leaf.sha256 || list.account !== accountMark(world, certificate, live)) return true;
  if (list.url !== certificate.bundleUrl) return true;
  const roots = await rootsMark(world, live);
  if (roots !== undefined && roots !== list.roots) return true;
  const from = certificate.signProfile;
  if (from === undefined) return false;
  return list.signing !== (await signingMark(world, from));
};

/** Changes when somebody else is named, or the named file is another. */
const signingMark = async (world: World, from: string): Promise<string> =>
  sha256(JSON.stringify([from, from === "live" ? undefined : await world.fileMark(from)]));

/** Who signs, looked up only where there is something to sign; and what the list remembers of it. */
interface Signatures {
  readonly signer: () => Promise<ProfileSigner | Failure>;
  readonly signing: string;
}

const isOurs = (present: Uint8Array | "absent" | "foreign", { path }: BundleFile, ours: BundleList): boolean =>
  typeof present !== "string" && ours.files.get(path)?.includes(sha256(present)) === true;

/** What lies there already as it would be made, signed or not. */
const liesThere = (present: Uint8Array | "absent" | "foreign", file: BundleFile, ours: BundleList): boolean => {
  const inside = sha256(file.content);
  if (typeof present !== "string" && sha256(present) === inside) return true;
  return ours.signed.get(file.path)?.content === inside && isOurs(present, file, ours);
};

interface Made {
  readonly wanted: readonly BundleFile[];
  readonly signer?: ProfileSigner;
  /** Profiles that cannot be signed now: what lies there of an earlier run stays. */
  readonly unsigned?: { readonly failure: Failure; readonly paths: readonly string[] };
}

/** What is to be written, in the registry's order. The page links to what is made with it, and to what lies there already just as it would be made. */
const filesOf = async (
  deps: BundleDeps,
  material: BundleMaterial,
  { dir, formats }: { readonly dir: string; readonly formats: readonly BundleFormat[] },
  ours: BundleList,
  askSigner: Signatures["signer"] | undefined,
): Promise<Made> => {
  const wanted: BundleFile[] = [];
  const there: BundleFile[] = [];
  const paths: string[] = [];
  const isLinking = formats.includes("page") || formats.includes("readme");
  let signer: ProfileSigner | Failure | undefined;
  for (const format of bundleFormatNames) {
    const isWanted = formats.includes(format);
    if (!isWanted && !isLinking) continue;
    const made = (await deps.formats[format]())({ ...material, files: there }, deps.render);
    if (isWanted && made.some(({ profile }) => profile)) signer ??= await askSigner?.();
    for (const file of made) {
      const isUnsigned = isWanted && file.profile === true && signer instanceof Failure;
      if (isUnsigned) paths.push(file.path);
      else if (isWanted) wanted.push(file);
      if (isWanted && !isUnsigned) there.push(file);
      else {
        const present = await deps.folder.read(`${dir}/${file.path}`);
        if (isUnsigned ? isOurs(present, file, ours) : liesThere(present, file, ours)) there.push(file);
      }
    }
  }
  if (signer instanceof Failure) return { wanted, unsigned: { failure: signer, paths } };
  return { wanted, ...(signer === undefined ? {} : { signer }) };
};

const unsignedFinding = ({ failure, paths }: NonNullable<Made["unsigned"]>): Finding => ({
  check: "bundle-unsigned",
  severity: "fault",
  message: `${paths.join(", ")} could not be signed, so that the rest was made without: ${failure.message}`,
  ...(failure.hints.length === 0 ? {} : { hint: failure.hints.join("; ") }),
});

/** Running it again on the same certificate changes nothing. @throws Failure `cannot-create` before anything is written when a file is not ours. */
export const writeBundle = async (
  deps: BundleDeps,
  certificate: CertificateConfig,
  material: BundleMaterial,
  options: BundleOptions,
  { source, signatures }: { readonly source?: AccountSource; readonly signatures?: Signatures | undefined } = {},
): Promise<BundleResult> => {
  const { dir, dryRun, formats = bundleFormatNames } = options;
  await deps.folder.refuseUnsafe(dir);
  const ours = readList(await deps.folder.read(`${dir}/${listName}`));
  refuseOthersFiles(dir, material.account?.address, ours, formats);
  const { wanted, signer, unsigned } = await filesOf(deps, material, { dir, formats }, ours, signatures?.signer);
  const kept = [...(source ? keptFiles(source.found) : []), ...(unsigned?.paths ?? [])];
  const plan = await planFiles(deps, options, { wanted, kept, ours, signer });
  const root = material.root === undefined ? undefined : readCertificate(material.root);
  const beside = besideOf(material);
  const imports = root === undefined ? "nothing" : root.isCa ? "root" : "self-signed";
  const paths = [...wanted.map(({ path }) => path), ...(unsigned?.paths ?? [])];
  const account = source && bundledAccount(certificate, { found: source.found, formats, paths, imports, root });
  const result: BundleResult = {
    certificate: certificate.name,
    dir,
    dryRun,
    imports,
    ...(root === undefined ? {} : { fingerprint: printsOf(root) }),
    ...(beside.length === 0 ? {} : { beside }),
    ...(signer && { signer: { title: signer.title, sha256: signer.sha256, until: signer.until } }),
    files: plan.map(({ content: _content, present: _present, ...file }) => file),
    ...(account ? { account } : {}),
    ...(formats.includes("page") && ours.url !== undefined && material.url === undefined ? { lostUrl: ours.url } : {}),
    ...(unsigned ? { findings: [unsignedFinding(unsigned)] } : {}),
  };
  if (dryRun) return result;
  const ready = new Map<string, string | Uint8Array>();
  for (const { path, content } of plan) if (content !== undefined) ready.set(path, await content());
  const hashes = new Map<string, string>();
  for (const { path, present } of plan) if (present !== undefined) hashes.set(path, present);
  for (const [path, content] of ready) hashes.set(path, sha256(content));
  // Some formats only: the others may still be of an earlier certificate.
  const whole = options.formats === undefined;
  const made = whole
    ? {
        leaf: readCertificate(material.leaf).sha256,
        account: source?.mark,
        roots: source?.roots,
        url: material.url,
        // Not signed: still behind, so that each run tries again.
        signing: unsigned ? undefined : signatures?.signing,
      }
    : ours;
  const now: BundleList = {
    ...listAfter(ours, wanted, plan, hashes, signer),
    ...(made.leaf === undefined ? {} : { leaf: made.leaf }),
    ...(made.account === undefined ? {} : { account: made.account }),
    ...(made.roots === undefined ? {} : { roots: made.roots }),
    ...personMark(material.account?.address, paths, ours),
    ...(made.url === undefined ? {} : { url: made.url }),
    ...(made.signing === undefined ? {} : { signing: made.signing }),
  };
  if (plan.every(({ change }) => change === "unchanged") && listText(now) === listText(ours)) return result;
  // First a list that knows the old and the new content, so that a run killed in between finds its own files.
  const both = [...new Set([...ours.files.keys(), ...now.files.keys()])].map(
    (path) => [path, [...new Set([...(ours.files.get(path) ?? []), ...(now.files.get(path) ?? [])])]] as const,
  );
  // What is about to be signed anew may be either of the two, so that neither is taken for the other.
  const certain = new Map([...ours.signed].filter(([path]) => !ready.has(path)));
  // The disk has the list before a file changes, and all files before the list forgets what they were.
  const write = async (list: BundleList): Promise<void> => {
    await deps.folder.write(`${dir}/${listName}`, listText(list));
    await deps.folder.settle(dir);
  };
  const whose = now.person === undefined ? {} : { person: now.person };
  await write({ ...ours, ...whose, files: new Map(both), signed: certain });
  // Each is whole by itself, in any order; most of the time is the disk's.
  await parallel(plan, filesAtOnce, async ({ path, change }) => {
    const content = ready.get(path);
    if (content !== undefined) await deps.folder.write(`${dir}/${path}`, content);
    else if (change === "removed") await deps.folder.remove(`${dir}/${path}`);
  });
  for (const folder of new Set(plan.map(({ path }) => dirname(`${dir}/${path}`)))) await deps.folder.settle(folder);
  await write(now);
  return result;
};

/** One run at a time: what another writes between a look at the folder and the last word of its list would be nobody's file. */
const alone = async <Result>(
  { folder, formats }: BundleDeps,
  { dir, dryRun, formats: wanted = bundleFormatNames }: BundleOptions,
  job: () => Promise<Result>,
): Promise<Result> => {
  if (dryRun) return job();
  // The lock is another program's work: what is needed next is loaded meanwhile.
  const loading = Promise.allSettled(wanted.map((format) => formats[format]()));
  const [release] = await Promise.all([folder.claim(dir), loading]);
  try {
    return await job();
  } finally {
    await release();
  }
};

/** The whole verb, for the command and for whoever keeps a bundle up to date after a renewal. */
export const bundle = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  options: BundleOptions,
): Promise<BundleResult> => {
  await refuseInKeptFolder(world, deps, certificate, options);
  return alone(deps, options, () => bundleAlone(world, deps, certificate, options));
};

const bundleAlone = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  options: BundleOptions,
): Promise<BundleResult> => {
  const { material, source } = await bundleMaterial(world, deps, certificate, options);
  const from = options.signProfile ?? certificate.signProfile;
  if (from === undefined) return writeBundle(deps, certificate, material, options, { source });
  const signer = async (): Promise<ProfileSigner> =>
    (await import("./profile-signer.ts")).profileSigner(world, deps, certificate, from);
  const signatures: Signatures = {
    // Whoever asks for a signature just now is told at once; of the configuration's, all else is made first.
    signer: () => (options.signProfile === undefined ? unlessFailure(signer) : signer()),
    signing: await signingMark(world, from),
  };
  return writeBundle(deps, certificate, material, options, { source, signatures });
};
