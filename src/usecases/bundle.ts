// Bundle: writes the client-import files of a certificate into a folder that is handed out; whole files, and nobody else's.
import { createHash } from "node:crypto";
import type { BundleFile, BundleMaterial } from "../bundles/bundle.ts";
import { type BundleFormat, bundleFormatNames } from "../domain/bundle-formats.ts";
import { readCertificate } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { isWildcard } from "../domain/names.ts";
import { importedRoot } from "./bundle-root.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import { findServers } from "./entries.ts";
import type { World } from "./world.ts";

export interface BundleOptions {
  /** Absolute. */
  readonly dir: string;
  /** undefined: all, and files of an earlier run that are no longer made are removed. */
  readonly formats?: readonly BundleFormat[];
  /** Absolute path of a file with the root that the chain leads to, where none of mailcert's files has it. */
  readonly root?: string;
  /** Where the folder is published, as `pageUrl` writes it; undefined: as the certificate's entry says. */
  readonly url?: string;
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
}

/** What clients need to know of a certificate that is live (or, before the first switch, staged). @throws Failure `config` when there is none yet. */
const bundleMaterial = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  { dir, root: file, url = certificate.bundleUrl }: Pick<BundleOptions, "dir" | "root" | "url">,
): Promise<BundleMaterial> => {
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
    leaf: slot.leaf,
    names: certificate.names,
    host,
    entries: found
      .flatMap(({ listeners }) => listeners)
      .filter(({ ownCertificate }) => ownCertificate === undefined)
      .map(({ protocol, mode, port }) => ({ protocol, mode, port, host })),
    files: [],
    ...(url === undefined ? {} : { url }),
    random: deps.random(32),
    now: world.now(),
  };
};

const fingerprintOf = (root: string): NonNullable<BundleResult["fingerprint"]> => {
  const { commonName, subject, sha256 } = readCertificate(root);
  return { title: commonName ?? subject, sha256 };
};

/** The files' own list, so that a later run knows them from files that somebody else put there. */
const listName = ".mailcert-bundle.json";
const schema = "mailcert.bundle-folder/1";
interface List {
  /** SHA-256 of what was written, by file name. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 of the leaf that the whole folder was last made for. */
  readonly leaf?: string;
  /** Where it was published then. */
  readonly url?: string;
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
    const { leaf, url } = list;
    return {
      files: new Map(files),
      ...(typeof leaf === "string" && hex.test(leaf) ? { leaf } : {}),
      ...(typeof url === "string" ? { url } : {}),
    };
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

/** Whether the folder was last filled for another certificate than the live one, or for another address: a look at one small file. */
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
  return list.leaf !== leaf.sha256 || list.url !== certificate.bundleUrl;
};

interface Planned extends BundledFile {
  readonly content?: string | Uint8Array;
}

const planFiles = async (
  deps: BundleDeps,
  wanted: readonly BundleFile[],
  options: BundleOptions,
  ours: List,
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
    if (wanted.some((file) => file.path === path)) continue;
    const present = await deps.folder.read(`${options.dir}/${path}`);
    // Changed by somebody since: theirs now.
    if (typeof present !== "string" && hashes.includes(sha256(present))) {
      plan.push({ path, summary: "no longer needed", change: "removed" });
    }
  }
  return plan;
};

/** Of these formats, in the registry's order. Each knows what those before it made, and which of the others lie in the folder just as they would be made now. */
const filesOf = async (
  deps: BundleDeps,
  material: BundleMaterial,
  { dir, formats }: { readonly dir: string; readonly formats: readonly BundleFormat[] },
): Promise<readonly BundleFile[]> => {
  const wanted: BundleFile[] = [];
  const there: BundleFile[] = [];
  const isLinking = formats.includes("page");
  for (const format of bundleFormatNames) {
    const isWanted = formats.includes(format);
    if (!isWanted && !isLinking) continue;
    const made = (await deps.formats[format]())({ ...material, files: there }, deps.render);
    if (isWanted) wanted.push(...made);
    for (const file of made) {
      const present = isWanted ? undefined : await deps.folder.read(`${dir}/${file.path}`);
      const isThere = isWanted || (typeof present === "object" && sha256(present) === sha256(file.content));
      if (isThere) there.push(file);
    }
  }
  return wanted;
};

/** Running it again on the same certificate changes nothing. @throws Failure `cannot-create` before anything is written when a file is not ours. */
export const writeBundle = async (
  deps: BundleDeps,
  certificate: CertificateConfig,
  material: BundleMaterial,
  options: BundleOptions,
): Promise<BundleResult> => {
  const { dir, dryRun, formats = bundleFormatNames } = options;
  await deps.folder.refuseUnsafe(dir);
  const wanted = await filesOf(deps, material, { dir, formats });
  const ours = readList(await deps.folder.read(`${dir}/${listName}`));
  const plan = await planFiles(deps, wanted, options, ours);
  const imports =
    material.root === undefined ? "nothing" : readCertificate(material.root).isCa ? "root" : "self-signed";
  const files = plan.map(({ path, summary, change }) => ({ path, summary, change }));
  const fingerprint = material.root === undefined ? {} : { fingerprint: fingerprintOf(material.root) };
  const result = { certificate: certificate.name, dir, dryRun, imports, ...fingerprint, files } as const;
  const now = new Map([
    ...[...ours.files].filter(([path]) => !plan.some((file) => file.path === path && file.change === "removed")),
    ...wanted.map(({ path, content }) => [path, [sha256(content)]] as const),
  ]);
  // Some formats only: the others may still be of an earlier certificate.
  const { leaf, url } =
    options.formats === undefined ? { leaf: readCertificate(material.leaf).sha256, url: material.url } : ours;
  const made = { ...(leaf === undefined ? {} : { leaf }), ...(url === undefined ? {} : { url }) };
  if (
    dryRun ||
    (plan.every(({ change }) => change === "unchanged") &&
      leaf === ours.leaf &&
      url === ours.url &&
      JSON.stringify([...now]) === JSON.stringify([...ours.files]))
  ) {
    return result;
  }
  // First a list that knows the old and the new content, so that a run killed in between finds its own files.
  const both = [...new Set([...ours.files.keys(), ...now.keys()])].map(
    (path) => [path, [...new Set([...(ours.files.get(path) ?? []), ...(now.get(path) ?? [])])]] as const,
  );
  await writeList(deps, dir, { ...ours, files: new Map(both) });
  for (const { path, content, change } of plan) {
    if (content !== undefined) await deps.folder.write(`${dir}/${path}`, content);
    else if (change === "removed") await deps.folder.remove(`${dir}/${path}`);
  }
  await writeList(deps, dir, { files: now, ...made });
  return result;
};

/** The whole verb, for the command and for whoever keeps a bundle up to date after a renewal. */
export const bundle = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  options: BundleOptions,
): Promise<BundleResult> =>
  writeBundle(deps, certificate, await bundleMaterial(world, deps, certificate, options), options);
