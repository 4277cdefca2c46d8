// What a bundle does to each file of its folder: write, leave, remove, or refuse because it is somebody else's; and the list that follows from it.
import type { BundleFile } from "../bundles/bundle.ts";
import { Failure } from "../domain/failure.ts";
import { type BundleList, sha256 } from "./bundle-list.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import type { BundleOptions } from "./bundle.ts";
import { parallel } from "./parallel.ts";
import type { ProfileSigner } from "./profile-signer.ts";

export interface BundledFile {
  readonly path: string;
  readonly summary: string;
  /** Of Apple's profiles only. */
  readonly signed?: boolean;
  readonly change: "written" | "unchanged" | "removed";
}

interface Planned extends BundledFile {
  readonly content?: () => Promise<string | Uint8Array>;
  /** Of what is there already and stays. */
  readonly present?: string;
}

/** What a run makes, and what it finds. */
interface Wanted {
  readonly wanted: readonly BundleFile[];
  /** Paths of files that stay, although this run does not make them. */
  readonly kept: readonly string[];
  /** What the folder's list says. */
  readonly ours: BundleList;
  /** Who signs the profiles. */
  readonly signer: ProfileSigner | undefined;
}

/** As many as Node has threads for files. */
export const filesAtOnce = 4;

/** What is to be done to each file; @throws Failure `cannot-create` where one of them is not ours. */
export const planFiles = async (
  { folder }: BundleDeps,
  { dir, formats }: Pick<BundleOptions, "dir" | "formats">,
  { wanted, kept, ours, signer }: Wanted,
): Promise<readonly Planned[]> => {
  const plan: Planned[] = [];
  const foreign: string[] = [];
  const found = await parallel(wanted, filesAtOnce, ({ path }) => folder.read(`${dir}/${path}`));
  for (const [index, { path, content, summary, profile }] of wanted.entries()) {
    const by = profile ? signer : undefined;
    const about = { path, summary, ...(profile ? { signed: by !== undefined } : {}) };
    const present = found[index] ?? "foreign";
    const hash = typeof present === "string" ? undefined : sha256(present);
    const isOurs = hash !== undefined && ours.files.get(path)?.includes(hash) === true;
    const inside = ours.signed.get(path);
    const same =
      by === undefined
        ? hash === sha256(content)
        : isOurs && inside?.by === by.sha256 && inside.content === sha256(content);
    if (same && hash !== undefined) plan.push({ ...about, change: "unchanged", present: hash });
    else if (present === "absent" || isOurs)
      plan.push({ ...about, change: "written", content: async () => by?.sign(content) ?? content });
    else foreign.push(path);
  }
  if (foreign.length > 0) {
    throw new Failure("cannot-create", `${dir} holds files that mailcert did not write: ${foreign.join(", ")}`, {
      hints: ["name another folder with --out, or move them away"],
    });
  }
  for (const [path, hashes] of formats === undefined ? ours.files : []) {
    if (wanted.some((file) => file.path === path) || kept.includes(path)) continue;
    const present = await folder.read(`${dir}/${path}`);
    // Changed by somebody since: theirs now.
    if (typeof present !== "string" && hashes.includes(sha256(present))) {
      plan.push({ path, summary: "no longer needed", change: "removed" });
    }
  }
  return plan;
};

/** What the folder's list says when all is done: `hashes` are those of the files as they then are. */
export const listAfter = (
  ours: BundleList,
  wanted: readonly BundleFile[],
  plan: readonly Planned[],
  hashes: ReadonlyMap<string, string>,
  signer: ProfileSigner | undefined,
): Pick<BundleList, "files" | "signed"> => {
  const stays = ([path]: readonly [string, unknown]): boolean =>
    !plan.some((file) => file.path === path && file.change === "removed");
  const signed = wanted.flatMap(({ path, content, profile }) =>
    profile && signer ? [[path, { content: sha256(content), by: signer.sha256 }] as const] : [],
  );
  const others = [...ours.signed].filter((one) => stays(one) && !wanted.some(({ path }) => path === one[0]));
  return {
    files: new Map([...[...ours.files].filter(stays), ...[...hashes].map(([path, hash]) => [path, [hash]] as const)]),
    signed: new Map([...others, ...signed]),
  };
};
