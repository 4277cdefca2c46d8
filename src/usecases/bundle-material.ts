// What a bundle is made of: the certificate that is live (or, before the first switch, staged), the root that clients import, and the account that was proven.
import type { BundleMaterial } from "../bundles/bundle.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { isWildcard } from "../domain/names.ts";
import { type FoundAccount, accountMark, findAccount } from "./bundle-account.ts";
import { listName, readList, sha256 } from "./bundle-list.ts";
import { importedRoot } from "./bundle-root.ts";
import { importedRoots } from "./bundle-roots.ts";
import type { GenerationRecord } from "../store/store.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import type { BundleOptions } from "./bundle.ts";
import { bundledGeneration } from "./bundled-generation.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** Where the material's entry points come from. */
export interface AccountSource {
  readonly found: FoundAccount;
  /** Of what the account files are made of. */
  readonly mark: string;
  readonly roots: string | undefined;
}

/** The root that an earlier run put there: a renewal changes the leaf, and asks nobody for a root again. */
const writtenRoot = async ({ folder }: BundleDeps, dir: string): Promise<string | undefined> => {
  await folder.refuseUnsafe(dir);
  const { files } = readList(await folder.read(`${dir}/${listName}`));
  const content = await folder.read(`${dir}/ca.crt`);
  if (typeof content === "string" || files.get("ca.crt")?.includes(sha256(content)) !== true) return undefined;
  return Buffer.from(content).toString("latin1");
};

/** Of what clients import of a private CA, which changes without a new leaf; hex. undefined: no such CA, or it cannot be read now. */
export const rootsMark = async (
  world: World,
  { issuer, authority }: Pick<GenerationRecord, "issuer" | "authority">,
): Promise<string | undefined> => {
  if (issuer !== "private-ca") return undefined;
  const roots = await unlessFailure(async () => (await world.privateCas()).roots(authority, world.now()));
  return roots instanceof Failure || roots.length === 0 ? undefined : sha256(roots.join("\n"));
};

/** @throws Failure `config` when there is no certificate yet. */
export const bundleMaterial = async (
  world: World,
  deps: BundleDeps,
  certificate: CertificateConfig,
  {
    dir,
    root: file,
    account: flags = {},
    url = certificate.bundleUrl,
  }: Pick<BundleOptions, "dir" | "root" | "account" | "url">,
): Promise<{ readonly material: BundleMaterial; readonly source: AccountSource }> => {
  const { generation, slots: read } = await bundledGeneration(world, certificate);
  // Before the roots themselves: a rotation in between leaves the folder behind.
  const marks = { mark: accountMark(world, certificate, generation), roots: await rootsMark(world, generation) };
  const slots = [read.ecdsa, read.rsa].filter((slot) => slot !== undefined);
  const [slot] = slots;
  if (slot === undefined) throw new Error("a generation without a slot");
  const host =
    certificate.names.find((name) => !isWildcard(name)) ?? certificate.names[0]?.slice(2) ?? certificate.name;
  const found = await findAccount(world, certificate, generation, flags, deps.registrable);
  const before = await writtenRoot(deps, dir);
  const served = await importedRoot(world, deps, {
    certificate,
    generation,
    slots,
    dir,
    ...(file === undefined ? {} : { file }),
    ...(before === undefined ? {} : { before }),
  });
  const { root, newerRoot, olderRoots = [] } = await importedRoots(world, generation, { served, slots });
  const material: BundleMaterial = {
    root,
    ...(newerRoot === undefined ? {} : { newerRoot }),
    olderRoots,
    leaf: slot.leaf,
    chain: slot.chain,
    names: certificate.names,
    host,
    entries: found.proven,
    ...(found.account ? { account: found.account } : {}),
    files: [],
    ...(url === undefined ? {} : { url }),
    random: deps.random(32),
    now: world.now(),
  };
  return { material, source: { found, ...marks } };
};
