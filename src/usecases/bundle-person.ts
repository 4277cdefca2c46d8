// Whose account files a folder holds: one person's do not go where everybody's are, and nobody takes another's for their own.
import { type BundleFormat, accountFiles } from "../domain/bundle-formats.ts";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { type BundleList, sha256 } from "./bundle-list.ts";

const ofAccounts: readonly string[] = Object.values(accountFiles).flat();

const markOf = (address: string): string => sha256(address.toLowerCase());

/** @throws Failure `usage` where the folder has account files for others than `address`. */
export const refuseOthersFiles = (
  dir: string,
  address: string | undefined,
  ours: BundleList,
  formats: readonly BundleFormat[],
): void => {
  if (address === undefined || ours.person === markOf(address) || !formats.some((one) => one in accountFiles)) return;
  const theirs = ofAccounts.filter((path) => ours.files.has(path));
  if (theirs.length === 0) return;
  const whose = ours.person === undefined ? "everybody" : "somebody else";
  throw new Failure("usage", `--for ${address}: ${dir} has account files for ${whose} (${theirs.join(", ")})`, {
    hints: [`give each person a folder of their own: --out ${shellWord(`${dir}-${address.split("@")[0] ?? ""}`)}`],
  });
};

/** What the list says afterwards. `paths`: what this run makes. */
export const personMark = (
  address: string | undefined,
  paths: readonly string[],
  ours: BundleList,
): Pick<BundleList, "person"> => {
  const [files, before] = [paths.some((path) => ofAccounts.includes(path)), ours.person];
  const person = files ? address && markOf(address) : before;
  return person === undefined ? {} : { person };
};
