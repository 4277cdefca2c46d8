// All of a private CA in one file under a passphrase, and back.
import { lstat, mkdir, readFile, readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { certificateNameProblem } from "../../domain/certificate-name.ts";
import { Failure } from "../../domain/failure.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { createFileOnce } from "../../system/create-once.ts";
import {
  ensureFolder,
  fileFailure,
  readTextIfPresent,
  syncFolder,
  temporaryBeside,
  writeFileAtomic,
  writeNewFile,
} from "../../system/files.ts";
import { removeLeftovers } from "../../system/leftovers.ts";
import { readPlainFile } from "../../system/plain-file.ts";
import { refuseUnsafeFolder } from "../../system/safe-folder.ts";
import { seal, unseal } from "../../system/sealed.ts";
import type { BackedUp, RestoreOptions, Restored } from "../private-cas.ts";
import { type Authority, findAuthority } from "./authority.ts";
import { crlPath, readCrlAt, refreshCrls } from "./crl.ts";
import { noteLook } from "./due.ts";
import { settle, waitingFolder } from "./layout.ts";
import { addOutlived } from "./outlived.ts";
import { refuseNoPlace } from "./place.ts";
import { addCopies } from "./published.ts";
import { signerId } from "./records.ts";

interface Kept {
  /** Below the CA's folder. */
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

interface Content {
  readonly schema: "mailcert.ca-backup/1";
  readonly ca: string;
  readonly madeAt: string;
  readonly files: readonly Kept[];
}

const mostBytes = 256 * 1024 * 1024;

/** Of a run that was killed, or is at work: a temporary file, or what lies in a temporary folder. */
const isTemporary = (path: string): boolean => path.endsWith(".tmp") || /(?:^|\/)\.mailcert-[^/]*\.tmp\//.test(path);

const filesBelow = async (folder: string): Promise<readonly Kept[]> => {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const kept: Kept[] = [];
    for (const entry of entries) {
      const at = join(entry.parentPath, entry.name);
      const path = at.slice(folder.length + 1);
      if (!entry.isFile() || isTemporary(path)) continue;
      const { mode } = await lstat(at);
      const content = (await readFile(at)).toString("base64");
      kept.push({ path, mode: mode & 0o777, content });
    }
    return kept.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  } catch (error) {
    throw fileFailure(error, "read", folder);
  }
};

/** The whole folder: keys, roots, what was issued and revoked. Never over a file that is there. */
export const backUp = async (
  ca: string,
  folder: string,
  file: string,
  { passphrase, now, uid }: { readonly passphrase: string; readonly now: Date; readonly uid: number },
): Promise<BackedUp> => {
  await settle(folder);
  const authority = await findAuthority(folder);
  if (!authority)
    throw new Failure("config", `there is no private CA "${ca}" in ${folder}`, {
      hints: [`make it: mailcert ca init ${shellWord(ca)}`],
    });
  await refuseNoPlace(file, `${ca}.backup`);
  await refuseUnsafeFolder(dirname(file), uid);
  const files = await filesBelow(folder);
  const madeAt = now.toISOString();
  const content: Content = { schema: "mailcert.ca-backup/1", ca, madeAt, files };
  const header = { ca, madeAt, root: authority.facts.sha256 };
  const sealed = await seal(Buffer.from(JSON.stringify(content), "utf8"), header, passphrase);
  // What cannot be opened again is no backup.
  await unseal(sealed, passphrase, file);
  if (!(await createFileOnce(file, sealed, 0o600)))
    throw new Failure("cannot-create", `${file} is there already: a backup is never written over`, {
      hints: ["name another file with --out"],
    });
  return { ca, file, contains: files.map(({ path }) => path), bytes: sealed.length };
};

const inside = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[\w.-]+(?:\/[\w.-]+){0,2}$/;

const contentOf = (text: Buffer, file: string): Content => {
  const foreign = new Failure("data", `${file} opens, but holds no private CA that this mailcert knows`);
  let value: Partial<Content>;
  try {
    value = JSON.parse(text.toString("utf8")) as Partial<Content>;
  } catch {
    throw foreign;
  }
  const { schema, ca, madeAt, files } = value;
  if (schema !== "mailcert.ca-backup/1" || typeof ca !== "string" || certificateNameProblem(ca) !== undefined)
    throw foreign;
  if (typeof madeAt !== "string" || !Array.isArray(files)) throw foreign;
  if (!files.every(({ path, content }) => inside.test(path) && typeof content === "string")) throw foreign;
  // Backups of before had them as well.
  return { schema, ca, madeAt, files: files.filter(({ path }) => !isTemporary(path)) };
};

/** A key file is closed whatever its mode was. */
const modeOf = ({ path, mode }: Kept): number => (/key\.pem$|\.jsonl?$/.test(path) ? 0o600 : mode & 0o644);

const lay = async (folder: string, files: readonly Kept[]): Promise<void> => {
  await mkdir(folder, { mode: 0o700 });
  for (const kept of files) {
    const path = join(folder, kept.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeNewFile(path, modeOf(kept), Buffer.from(kept.content, "base64"));
    await syncFolder(dirname(path));
  }
  await syncFolder(folder);
};

/** What was signed and revoked after the backup stays known: a restored CA must not take back a revocation. */
const addRecords = async (from: string, to: string): Promise<void> => {
  for (const name of ["issued.jsonl", "revoked.jsonl"]) {
    const linesOf = async (folder: string): Promise<readonly string[]> =>
      ((await readTextIfPresent(join(folder, name))) ?? "").split("\n").filter((line) => line.endsWith("}"));
    const known = await linesOf(to);
    const added = (await linesOf(from)).filter((line) => !known.includes(line));
    if (added.length > 0)
      await writeFileAtomic(join(to, name), `${[...known, ...added].join("\n")}\n`, { mode: 0o600 });
  }
};

/** A number that was given is never given again (RFC 5280 §5.2.3): the later of both lists of a key is the one that the next follows. */
const keepLaterCrls = async (from: Authority, to: Authority): Promise<void> => {
  const present = [from, ...from.older];
  for (const set of [to, ...to.older]) {
    const same = present.find((one) => signerId(one) === signerId(set));
    const [later, own] = [same && (await readCrlAt(crlPath(same))), await readCrlAt(crlPath(set))];
    if (!same || !later || (own && own.number >= later.number)) continue;
    await writeFileAtomic(crlPath(set), (await readTextIfPresent(crlPath(same))) ?? "", { mode: 0o644 });
  }
};

/** Undefined also where it is damaged, which is what a backup is for. */
const authorityAt = (folder: string): Promise<Authority | undefined> =>
  findAuthority(folder).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });

const titleOf = ({ facts }: Authority): string => facts.commonName ?? facts.subject;

const refuseFull = (ca: string, folder: string): Failure =>
  new Failure("config", `there is a private CA "${ca}" in ${folder} already: nothing was changed`, {
    hints: ["to put the backup in its place: --replace; the present one is moved aside, not deleted"],
  });

const isFull = async (folder: string): Promise<boolean> => (await readdir(folder).catch(() => [])).length > 0;

/**
 * Laid beside, judged, then given its name. With `replace` the present one leaves first; a run that is killed in between is finished by the next
 * (layout.ts): there is never no CA, for which another would be made in silence.
 */
export const restoreFrom = async (
  cas: string,
  file: string,
  passphrase: string,
  { replace, dryRun, now, uid }: RestoreOptions & { readonly uid: number },
): Promise<Restored> => {
  const { content: sealed } = await readPlainFile(file, { mostBytes, what: "a backup of a private CA" });
  const { content: plain } = await unseal(sealed, passphrase, file);
  const { ca, madeAt, files } = contentOf(plain, file);
  const folder = join(cas, ca);
  if (!dryRun && (await isFull(cas))) await settle(folder);
  const full = await isFull(folder);
  if (full && !replace) throw refuseFull(ca, folder);
  const aside = join(cas, `.replaced-${ca}-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}`);
  const result = {
    ca,
    folder,
    contains: files.map(({ path }) => path),
    madeAt,
    ...(full ? { replaced: aside } : {}),
    unpublished: [],
  };
  if (dryRun) return result;
  await ensureFolder(cas, 0o755);
  await removeLeftovers(cas);
  const waiting = waitingFolder(folder);
  const present = await authorityAt(folder);
  let otherRoot = {};
  try {
    const temporary = temporaryBeside(folder);
    await lay(temporary, files);
    if (full) await addRecords(folder, temporary);
    if (full) await addCopies(folder, temporary);
    const restored = await findAuthority(temporary);
    if (!restored) throw new Failure("data", `${file} holds no root`);
    await addOutlived(folder, restored);
    if (present) await keepLaterCrls(present, restored);
    if (present && present.facts.sha256 !== restored.facts.sha256)
      otherRoot = { otherRoot: { before: titleOf(present), now: titleOf(restored) } };
    // Killed in between, the next run makes the lists.
    await noteLook(cas, now);
    await rename(temporary, waiting);
    await syncFolder(cas);
    if (full) await rename(folder, aside);
    await rename(waiting, folder);
    await syncFolder(cas);
  } catch (error) {
    throw fileFailure(error, "write", folder);
  }
  const restored = await findAuthority(folder);
  const asked = [restored, ...(restored?.older ?? [])].some((set) => set?.paths["crl.pem"] !== undefined);
  const { unpublished } = await refreshCrls(folder, now, uid, full && asked);
  return { ...result, ...otherRoot, unpublished };
};
