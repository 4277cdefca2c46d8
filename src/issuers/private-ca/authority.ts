// A private CA on disk: `<state>/ca/<name>/` with root-key.pem and root.pem, each made once. The root itself says what it may certify.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type CertificateFacts, readCertificate, splitPem } from "../../domain/certificate.ts";
import { readFields } from "../../domain/certificate-fields.ts";
import { Failure } from "../../domain/failure.ts";
import { keyMatches } from "../../domain/key-match.ts";
import { type NameConstraints, readNameConstraints } from "../../domain/name-constraints.ts";
import { extensions } from "../../domain/oids.ts";
import { createFileOnce } from "../../system/create-once.ts";
import { ensureFolder, fileFailure, readTextIfPresent } from "../../system/files.ts";
import { removeLeftovers } from "../../system/leftovers.ts";

export interface Authority {
  readonly folder: string;
  readonly rootPath: string;
  /** PEM. */
  readonly root: string;
  readonly facts: CertificateFacts;
  /** PEM. MUST NOT leave this process. */
  readonly privateKey: string;
  readonly constraints: NameConstraints | undefined;
}

export interface AuthorityMaker {
  readonly makeKey: () => Promise<string>;
  /** PEM of a root for this key. */
  readonly makeRoot: (privateKey: string) => Promise<string>;
}

const backupHint = (folder: string): string =>
  `put the files back from a backup; or move ${folder} away: the next run makes a new CA, whose root everybody must import`;

const damaged = (path: string, why: string, cause?: unknown): Failure =>
  new Failure("data", `the private CA cannot be used: ${path} ${why}`, {
    hints: [backupHint(join(path, ".."))],
    ...(cause === undefined ? {} : { cause }),
  });

/** Reads what is there and holds it together. @throws Failure naming the file that is wrong. */
const load = (folder: string, keyPath: string, rootPath: string, privateKey: string, root: string): Authority => {
  let facts: CertificateFacts;
  let belongs: boolean;
  const pem = splitPem(root)[0];
  try {
    facts = readCertificate(root);
  } catch (error) {
    throw damaged(rootPath, "is not a readable certificate", error);
  }
  try {
    belongs = keyMatches(privateKey, facts.der);
  } catch (error) {
    throw damaged(keyPath, "is not a readable private key", error);
  }
  if (!belongs) throw damaged(rootPath, `belongs to another key than ${keyPath}`);
  if (!facts.isCa || !facts.selfSigned || facts.keyUsage?.includes("keyCertSign") === false || pem === undefined) {
    throw damaged(rootPath, "is not the certificate of a root CA");
  }
  const value = readFields(facts.der).extensions.get(extensions.nameConstraints);
  return {
    folder,
    rootPath,
    root: pem,
    facts,
    privateKey,
    constraints: value === undefined ? undefined : readNameConstraints(value),
  };
};

/** A CA that has issued and lost its files must not be made anew in silence: no client would trust its certificates. */
const refuseLost = async (folder: string, keyPath: string, root: string | undefined): Promise<void> => {
  if (root !== undefined) throw damaged(keyPath, "is missing, while root.pem is there");
  const there = await readdir(folder).catch((error: unknown): string[] => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileFailure(error, "read", folder);
  });
  if (there.includes("issued.jsonl")) throw damaged(keyPath, "is missing, while issued.jsonl says that it was used");
};

const pathsIn = (folder: string): { readonly keyPath: string; readonly rootPath: string } => ({
  keyPath: join(folder, "root-key.pem"),
  rootPath: join(folder, "root.pem"),
});

/** The CA as it stands, nothing made. Undefined: there is none yet, or one whose root is still to be made. @throws Failure naming the file that is wrong. */
export const findAuthority = async (folder: string): Promise<Authority | undefined> => {
  const { keyPath, rootPath } = pathsIn(folder);
  const root = await readTextIfPresent(rootPath);
  const privateKey = await readTextIfPresent(keyPath);
  if (privateKey === undefined) await refuseLost(folder, keyPath, root);
  return privateKey === undefined || root === undefined ? undefined : load(folder, keyPath, rootPath, privateKey, root);
};

/**
 * The CA, made if there is none. Killed at any instant, it is finished by the next run: the key first, then the root that belongs to it; neither is ever
 * replaced, so two runs at once end with one key and one root as well.
 */
export const openAuthority = async (
  folder: string,
  maker: AuthorityMaker,
): Promise<{ readonly authority: Authority; readonly made: boolean }> => {
  const { keyPath, rootPath } = pathsIn(folder);
  await ensureFolder(folder, 0o700);
  let root = await readTextIfPresent(rootPath);
  let privateKey = await readTextIfPresent(keyPath);
  const made = root === undefined;
  if (privateKey === undefined) {
    await refuseLost(folder, keyPath, root);
    await createFileOnce(keyPath, await maker.makeKey(), 0o600);
    // As stored: a run beside this one may have been first.
    privateKey = await readTextIfPresent(keyPath);
  }
  if (root === undefined && privateKey !== undefined) {
    await createFileOnce(rootPath, await rootFor(keyPath, privateKey, maker), 0o644);
    root = await readTextIfPresent(rootPath);
  }
  if (privateKey === undefined || root === undefined) throw damaged(keyPath, "went away while it was being used");
  await removeLeftovers(folder);
  return { authority: load(folder, keyPath, rootPath, privateKey, root), made };
};

const rootFor = async (keyPath: string, privateKey: string, maker: AuthorityMaker): Promise<string> => {
  try {
    return await maker.makeRoot(privateKey);
  } catch (error) {
    throw error instanceof Failure && error.kind === "data"
      ? damaged(keyPath, "is not a readable private key", error)
      : error;
  }
};
