// Copies of the list of revoked certificates where a web server shows it, or a mail server reads it: kept up to date for as long as they are there.
import { lstat, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readCrl } from "../../domain/crl.ts";
import { DerProblem } from "../../domain/der.ts";
import { Failure } from "../../domain/failure.ts";
import { fileFailure, readTextIfPresent, writeFileAtomic } from "../../system/files.ts";
import { refuseUnsafeFolder } from "../../system/safe-folder.ts";
import type { Authority, RootSet } from "./authority.ts";
import { refuseNoPlace } from "./place.ts";
import { signerId } from "./records.ts";

interface Copy {
  /** Absolute. With the ending .pem: the lists of all keys as text; else the list of one key in DER, as RFC 5280 §4.2.1.13 wants it behind a URL. */
  readonly path: string;
  /** Whose list, of a copy in DER. */
  readonly signer?: string;
}

const listPath = (folder: string): string => join(folder, "published.json");

export const readCopies = async (folder: string): Promise<readonly Copy[]> => {
  const text = await readTextIfPresent(listPath(folder));
  if (text === undefined) return [];
  try {
    const { files } = JSON.parse(text) as { readonly files?: unknown };
    return (Array.isArray(files) ? files : []).filter(
      (one): one is Copy => typeof (one as Copy | null)?.path === "string" && (one as Copy).path.startsWith("/"),
    );
  } catch {
    return [];
  }
};

const writeCopies = (folder: string, files: readonly Copy[]): Promise<void> =>
  writeFileAtomic(listPath(folder), `${JSON.stringify({ schema: "mailcert.ca-published/1", files }, undefined, 2)}\n`, {
    mode: 0o600,
  });

/** Copies that are kept at `from` are kept at `to` as well: whoever reads them goes on to. */
export const addCopies = async (from: string, to: string): Promise<void> => {
  const known = await readCopies(to);
  const added = (await readCopies(from)).filter(({ path }) => !known.some((one) => one.path === path));
  if (added.length > 0) await writeCopies(to, [...known, ...added]);
};

const crlOf = async (set: RootSet): Promise<readonly string[]> => {
  const path = set.paths["crl.pem"];
  const text = path === undefined ? undefined : await readTextIfPresent(path);
  return text === undefined ? [] : [text];
};

/** A root whose key is away has a list of its own: whoever asks for one at each step of the chain (Dovecot) needs it. */
const rootCrlOf = async ({ paths }: RootSet): Promise<readonly string[]> => {
  const path = paths["root-crl.pem"];
  const text = path === undefined ? undefined : await readTextIfPresent(path);
  return text === undefined ? [] : [text];
};

const derOf = (text: string, path: string): Buffer => {
  try {
    return readCrl(text).der;
  } catch (error) {
    if (!(error instanceof DerProblem)) throw error;
    throw new Failure("data", `${path} is no list of revoked certificates: ${error.message}`, {
      cause: error,
      hints: ["put it back from a backup: mailcert ca restore FILE --replace"],
    });
  }
};

const contentOf = async (authority: Authority, { path, signer }: Copy): Promise<string | Buffer | undefined> => {
  const sets = [authority, ...authority.older];
  if (path.endsWith(".pem")) {
    const all = [];
    for (const set of sets) all.push(...(await crlOf(set)), ...(await rootCrlOf(set)));
    return all.length === 0 ? undefined : all.join("");
  }
  const set = sets.find((one) => signerId(one) === signer) ?? authority;
  const [text] = await crlOf(set);
  return text === undefined ? undefined : derOf(text, set.paths["crl.pem"] ?? set.folder);
};

/** `gone`: somebody has taken it away, its folder being there. @throws Failure for anything else that is no plain file. */
const stateOf = async (path: string): Promise<"there" | "gone"> => {
  const hints = ["bring it back, or remove what is in its place: it is written by the next run"];
  try {
    if ((await lstat(path)).isFile()) return "there";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw fileFailure(error, "read", path);
    const folder = await stat(dirname(path)).catch(() => undefined);
    if (folder?.isDirectory()) return "gone";
    throw new Failure("cannot-create", `the folder of ${path} is not there (not mounted?)`, { hints });
  }
  throw new Failure("cannot-create", `${path} is no plain file any more`, { hints });
};

/** What came of the copies. */
export interface Published {
  /** What could not be written. */
  readonly unpublished: readonly Failure[];
  /** Paths of copies that somebody has taken away: they are not made again. */
  readonly forgotten: readonly string[];
}

/** The hourly run under systemd writes only where it was let, which a folder that was named since is not. */
export const ofSandbox = (failure: Failure, path: string): Failure =>
  failure.facts?.["code"] === "EROFS"
    ? new Failure(failure.kind, failure.message, {
        cause: failure,
        facts: failure.facts,
        hints: [
          `let the hourly run write into ${dirname(path)}: mailcert schedule install`,
          "where that was done, the file system itself is mounted read-only: mailcert doctor says which, and how to mend it",
        ],
      })
    : failure;

/** Writes each copy anew. */
export const publish = async (authority: Authority, uid: number): Promise<Published> => {
  const before = await readCopies(authority.folder);
  const unpublished: Failure[] = [];
  const left: Copy[] = [];
  for (const copy of before) {
    try {
      if ((await stateOf(copy.path)) === "gone") continue;
      left.push(copy);
      await writeCopy(authority, copy, uid);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (!left.includes(copy)) left.push(copy);
      unpublished.push(ofSandbox(error, copy.path));
    }
  }
  if (left.length < before.length) await writeCopies(authority.folder, left);
  return { unpublished, forgotten: before.filter((copy) => !left.includes(copy)).map(({ path }) => path) };
};

const isBehind = async (authority: Authority, copy: Copy): Promise<boolean> => {
  try {
    if ((await stateOf(copy.path)) === "gone") return false;
    const content = await contentOf(authority, copy);
    return content !== undefined && !(await readFile(copy.path)).equals(Buffer.from(content));
  } catch {
    return true;
  }
};

/** Paths of copies that say something else than the lists do, or cannot be read. */
export const copiesBehind = async (authority: Authority): Promise<readonly string[]> => {
  const behind: string[] = [];
  for (const copy of await readCopies(authority.folder)) if (await isBehind(authority, copy)) behind.push(copy.path);
  return behind;
};

const writeCopy = async (authority: Authority, copy: Copy, uid: number): Promise<void> => {
  const content = await contentOf(authority, copy);
  if (content === undefined) return;
  await refuseUnsafeFolder(dirname(copy.path), uid);
  await writeFileAtomic(copy.path, content, { mode: 0o644, keepMode: true });
};

/** Writes a copy and keeps it up to date from now on. @throws Failure `cannot-create` for a file that somebody else has put there. */
export const publishAt = async (authority: Authority, path: string, uid: number): Promise<void> => {
  await refuseNoPlace(path, "ca.crl");
  const copies = await readCopies(authority.folder);
  if (!copies.some((copy) => copy.path === path) && (await lstat(path).catch(() => undefined)))
    throw new Failure("cannot-create", `${path} is there already, and mailcert did not write it`, {
      hints: ["name another file with --out, or move it away"],
    });
  const copy: Copy = { path, ...(path.endsWith(".pem") ? {} : { signer: signerId(authority) }) };
  await writeCopy(authority, copy, uid);
  await writeCopies(authority.folder, [...copies.filter((one) => one.path !== path), copy]);
};
