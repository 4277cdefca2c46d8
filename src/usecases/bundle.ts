// Bundle: writes the client-import files of a certificate into a folder that is handed out; whole files, and nobody else's.
import { createHash } from "node:crypto";
import type { BundleFile, BundleMaterial } from "../bundles/bundle.ts";
import { type BundleFormat, bundleFormatNames } from "../domain/bundle-formats.ts";
import { type CertificateFacts, readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { isWildcard } from "../domain/names.ts";
import { importedRoot } from "./bundle-root.ts";
import {
  type AccountFlags,
  type BundledAccount,
  type FoundAccount,
  accountMark,
  bundledAccount,
  findAccount,
  keptFiles,
} from "./bundle-account.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import { parallel } from "./parallel.ts";
import type { World } from "./world.ts";

export interface BundleOptions {
  /** Absolute. */
  readonly dir: string;
  /** undefined: all, and files of an earlier run that are no longer made are removed. */
  readonly formats?: readonly BundleFormat[];
  /** Absolute path of a file with the root that the chain leads to, where none of mailcert's files has it. */
  readonly root?: string;
  /** Beside what the entry says of accounts. */
  readonly account?: AccountFlags;
  readonly dryRun: boolean;
}

interface BundledFile {
  readonly path: string;
  readonly summary: string;
  readonly change: "written" | "unchanged" | "removed";
}

export interface BundleResult {
  readonly certificate: string;
  readonly dir: string;
  readonly dryRun: boolean;
  /** What clients import; `nothing` for a publicly trusted certificate. */
  readonly imports: "root" | "self-signed" | "nothing";
  /** Of what they import: its name, and the fingerprint to be read to them. */
  readonly fingerprint?: { readonly title: string; readonly sha256: string };
  readonly files: readonly BundledFile[];
  /** Where account files were asked for. */
  readonly account?: BundledAccount;
}

/** Where the material's entry points come from. */
interface AccountSource {
  readonly found: FoundAccount;
  /** Of what the account files are made of. */
  readonly mark: string;
}

/** What clients need to know of a certificate that is live (or, before the first switch, staged). @throws Failure `config` when there is none yet. */
const bundleMaterial = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  { dir, root: file, account: flags = {} }: Pick<BundleOptions, "dir" | "root" | "account">,
): Promise<{ readonly material: BundleMaterial; readonly source: AccountSource }> => {
  const state = world.store.read(certificate.name);
  const number = world.store.liveNumber(certificate.name) ?? state?.target;
  const generation = state?.generations.find((one) => one.number === number);
  const read = number === undefined ? {} : await world.store.readCertificates(certificate.name, number);
  const slots = [read.ecdsa, read.rsa].filter((slot) => slot !== undefined);
  const [slot] = slots;
  if (slot === undefined || generation === undefined) {
    throw new Failure("config", `there is no certificate for ${certificate.name} yet`, {
      hints: [`make it: mailcert issue ${certificate.name}`],
    });
  }
  const host =
    certificate.names.find((name) => !isWildcard(name)) ?? certificate.names[0]?.slice(2) ?? certificate.name;
  const found = await findAccount(world, certificate, generation, flags, deps.registrable);
  const before = await writtenRoot(deps, dir);
  const material: BundleMaterial = {
    root: await importedRoot(world, deps, {
      certificate,
      generation,
      slots,
      dir,
      ...(file === undefined ? {} : { file }),
      ...(before === undefined ? {} : { before }),
    }),
    olderRoots: [],
    leaf: slot.leaf,
    names: certificate.names,
    host,
    entries: found.proven,
    ...(found.account ? { account: found.account } : {}),
    random: deps.random(32),
    now: world.now(),
  };
  return { material, source: { found, mark: accountMark(world, certificate, generation) } };
};

const fingerprintOf = ({
  commonName,
  subject,
  sha256,
}: CertificateFacts): NonNullable<BundleResult["fingerprint"]> => ({
  title: commonName ?? subject,
  sha256,
});

/** The files' own list, so that a later run knows them from files that somebody else put there. */
const listName = ".mailcert-bundle.json";
const schema = "mailcert.bundle-folder/1";
interface List {
  /** SHA-256 of what was written, by file name. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 of the leaf that the whole folder was last made for. */
  readonly leaf?: string;
  /** SHA-256 of what its account files were made of then. */
  readonly account?: string;
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Nothing that leads out of the folder, and no hidden file: what the list names can be deleted. */
const plainName = /^[^./\\\0][^/\\\0]{0,100}$/;
const hex = /^[0-9a-f]{64}$/;

const readList = (content: Uint8Array | "absent" | "foreign"): List => {
  const nothing: List = { files: new Map() };
  if (typeof content === "string") return nothing;
  try {
    const list = JSON.parse(Buffer.from(content).toString("utf8")) as Readonly<Record<string, unknown>> | null;
    if (list?.["schema"] !== schema) return nothing;
    const files = Object.entries(list["files"] ?? {}).flatMap(([name, hashes]: [string, unknown]) =>
      plainName.test(name) && Array.isArray(hashes)
        ? [[name, hashes.filter((hash): hash is string => typeof hash === "string" && hex.test(hash))] as const]
        : [],
    );
    const known = (key: "leaf" | "account"): Partial<List> => {
      const value = list[key];
      return typeof value === "string" && hex.test(value) ? { [key]: value } : {};
    };
    return { files: new Map(files), ...known("leaf"), ...known("account") };
  } catch {
    // Damaged: nothing in the folder is known to be ours, so nothing of it is replaced.
    return nothing;
  }
};

/** The root that an earlier run put there: a renewal changes the leaf, and asks nobody for a root again. */
const writtenRoot = async ({ folder }: BundleDeps, dir: string): Promise<string | undefined> => {
  await folder.refuseUnsafe(dir);
  const { files } = readList(await folder.read(`${dir}/${listName}`));
  const content = await folder.read(`${dir}/ca.crt`);
  if (typeof content === "string" || files.get("ca.crt")?.includes(sha256(content)) !== true) return undefined;
  return Buffer.from(content).toString("latin1");
};

const writeList = async ({ folder }: BundleDeps, dir: string, { files, ...made }: List): Promise<void> =>
  folder.write(
    `${dir}/${listName}`,
    `${JSON.stringify({ schema, ...made, files: Object.fromEntries(files) }, undefined, 2)}\n`,
  );

/** Whether the folder was last filled for another certificate than the live one, or for other entry points: a look at one small file. */
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
  return list.leaf !== leaf.sha256 || list.account !== accountMark(world, certificate, live);
};

/** As many as Node has threads for files. */
const writesAtOnce = 4;

interface Planned extends BundledFile {
  readonly content?: string | Uint8Array;
}

const planFiles = async (
  deps: BundleDeps,
  wanted: readonly BundleFile[],
  options: BundleOptions,
  ours: List,
  kept: readonly string[],
): Promise<readonly Planned[]> => {
  const plan: Planned[] = [];
  const foreign: string[] = [];
  for (const { path, content, summary } of wanted) {
    const present = await deps.folder.read(`${options.dir}/${path}`);
    const same = typeof present !== "string" && sha256(present) === sha256(content);
    if (same) plan.push({ path, summary, change: "unchanged" });
    else if (present === "absent" || (present !== "foreign" && ours.files.get(path)?.includes(sha256(present)))) {
      plan.push({ path, summary, content, change: "written" });
    } else foreign.push(path);
  }
  if (foreign.length > 0) {
    throw new Failure(
      "cannot-create",
      `${options.dir} holds files that mailcert did not write: ${foreign.join(", ")}`,
      {
        hints: ["name another folder with --out, or move them away"],
      },
    );
  }
  for (const [path, hashes] of options.formats === undefined ? ours.files : []) {
    if (wanted.some((file) => file.path === path) || kept.includes(path)) continue;
    const present = await deps.folder.read(`${options.dir}/${path}`);
    // Changed by somebody since: theirs now.
    if (typeof present !== "string" && hashes.includes(sha256(present))) {
      plan.push({ path, summary: "no longer needed", change: "removed" });
    }
  }
  return plan;
};

/** Running it again on the same certificate changes nothing. @throws Failure `cannot-create` before anything is written when a file is not ours. */
export const writeBundle = async (
  deps: BundleDeps,
  certificate: CertificateConfig,
  material: BundleMaterial,
  options: BundleOptions,
  source?: AccountSource,
): Promise<BundleResult> => {
  const { dir, dryRun, formats = bundleFormatNames } = options;
  await deps.folder.refuseUnsafe(dir);
  const wanted: BundleFile[] = [];
  for (const format of formats) wanted.push(...(await deps.formats[format]())(material, deps.render));
  const ours = readList(await deps.folder.read(`${dir}/${listName}`));
  const plan = await planFiles(deps, wanted, options, ours, source ? keptFiles(source.found) : []);
  const root = material.root === undefined ? undefined : readCertificate(material.root);
  const imports = root === undefined ? "nothing" : root.isCa ? "root" : "self-signed";
  const files = plan.map(({ path, summary, change }) => ({ path, summary, change }));
  const paths = wanted.map(({ path }) => path);
  const account = source && bundledAccount(certificate, { found: source.found, formats, paths, imports });
  const result: BundleResult = {
    certificate: certificate.name,
    dir,
    dryRun,
    imports,
    ...(root === undefined ? {} : { fingerprint: fingerprintOf(root) }),
    files,
    ...(account ? { account } : {}),
  };
  const now = new Map([
    ...[...ours.files].filter(([path]) => !plan.some((file) => file.path === path && file.change === "removed")),
    ...wanted.map(({ path, content }) => [path, [sha256(content)]] as const),
  ]);
  // Some formats only: the others may still be of an earlier certificate.
  const whole = options.formats === undefined;
  const made: Omit<List, "files"> = whole
    ? { leaf: readCertificate(material.leaf).sha256, ...(source ? { account: source.mark } : {}) }
    : {
        ...(ours.leaf === undefined ? {} : { leaf: ours.leaf }),
        ...(ours.account === undefined ? {} : { account: ours.account }),
      };
  if (
    dryRun ||
    (plan.every(({ change }) => change === "unchanged") &&
      made.leaf === ours.leaf &&
      made.account === ours.account &&
      JSON.stringify([...now]) === JSON.stringify([...ours.files]))
  ) {
    return result;
  }
  // First a list that knows the old and the new content, so that a run killed in between finds its own files.
  const both = [...new Set([...ours.files.keys(), ...now.keys()])].map(
    (path) => [path, [...new Set([...(ours.files.get(path) ?? []), ...(now.get(path) ?? [])])]] as const,
  );
  await writeList(deps, dir, { ...ours, files: new Map(both) });
  // Each is whole by itself, in any order; most of the time is the disk's.
  await parallel(plan, writesAtOnce, async ({ path, content, change }) => {
    if (content !== undefined) await deps.folder.write(`${dir}/${path}`, content);
    else if (change === "removed") await deps.folder.remove(`${dir}/${path}`);
  });
  await writeList(deps, dir, { files: now, ...made });
  return result;
};

/** The whole verb, for the command and for whoever keeps a bundle up to date after a renewal. */
export const bundle = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  options: BundleOptions,
): Promise<BundleResult> => {
  const { material, source } = await bundleMaterial(world, deps, certificate, options);
  return writeBundle(deps, certificate, material, options, source);
};
