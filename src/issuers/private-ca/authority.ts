// A private CA on disk: `<state>/ca/<name>/` with its key and root, those of earlier roots below. The root itself says what it may certify.
import { basename, dirname, join } from "node:path";
import { type CertificateFacts, readCertificate, splitPem } from "../../domain/certificate.ts";
import { readFields } from "../../domain/certificate-fields.ts";
import { Failure } from "../../domain/failure.ts";
import { keyMatches } from "../../domain/key-match.ts";
import { type NameConstraints, readNameConstraints } from "../../domain/name-constraints.ts";
import { extensions } from "../../domain/oids.ts";
import { caWord } from "../../domain/private-ca.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { createFileOnce } from "../../system/create-once.ts";
import { ensureFolder, readTextIfPresent } from "../../system/files.ts";
import { removeLeftovers } from "../../system/leftovers.ts";
import { type CaLayout, type CaSet, type SetFile, readLayout, settle } from "./layout.ts";

/** A certificate that signs, with its key where that is on this host and not encrypted. */
export interface Signer {
  /** PEM. */
  readonly certificate: string;
  readonly facts: CertificateFacts;
  /** PEM. MUST NOT leave this process. undefined: it is kept elsewhere, or under a passphrase. */
  readonly privateKey: string | undefined;
}

/** One root, with what belongs to it. */
export interface RootSet {
  readonly folder: string;
  readonly rootPath: string;
  /** PEM. */
  readonly root: string;
  readonly facts: CertificateFacts;
  readonly constraints: NameConstraints | undefined;
  /** PEM of this root's key as the root before it vouches for it. */
  readonly cross?: string;
  /** PEM of the CA between the root and its leaves, where the root's key is kept away. */
  readonly issuing?: string;
  /** What signs leaves and the list of revoked ones: the root, or the issuing CA. */
  readonly signer: Signer;
  /** Where the root's own key is: `sealed`: here, under a passphrase; `away`: not on this host. */
  readonly rootKey: "here" | "sealed" | "away";
  readonly paths: CaSet["paths"];
}

export interface Authority extends RootSet {
  readonly signer: Signer & { readonly privateKey: string };
  /** Those before it that have not ended yet or have, newest first. */
  readonly older: readonly RootSet[];
}

export interface AuthorityMaker {
  readonly makeKey: () => Promise<string>;
  /** PEM of a root for this key. */
  readonly makeRoot: (privateKey: string) => Promise<string>;
  /** Asked before anything is made. @throws Failure where no CA may be made unasked, for there was one. Absent: it may. */
  readonly mayMake?: () => Promise<void>;
}

const backupHint = (folder: string): string => {
  const ca = basename(dirname(folder)) === "older" ? dirname(dirname(folder)) : folder;
  return `put the files back from a backup (mailcert ca restore FILE --replace); or move ${shellWord(ca)} away and make another, whose root everybody must import: mailcert ca init${caWord(basename(ca))}`;
};

const damaged = (path: string, why: string, cause?: unknown): Failure =>
  new Failure("data", `the private CA cannot be used: ${path} ${why}`, {
    hints: [backupHint(join(path, ".."))],
    ...(cause === undefined ? {} : { cause }),
  });

const sealedKey = /-----BEGIN ENCRYPTED PRIVATE KEY-----/;

const factsOf = (path: string, pem: string): CertificateFacts => {
  try {
    return readCertificate(pem);
  } catch (error) {
    throw damaged(path, "is not a readable certificate", error);
  }
};

/** @throws Failure naming the file where the key is not the certificate's. */
const holdTogether = (keyPath: string, privateKey: string, path: string, { der }: CertificateFacts): void => {
  let belongs: boolean;
  try {
    belongs = keyMatches(privateKey, der);
  } catch (error) {
    throw damaged(keyPath, "is not a readable private key", error);
  }
  if (!belongs) throw damaged(path, `belongs to another key than ${keyPath}`);
};

/** Reads what is there and holds it together. @throws Failure naming the file that is wrong. */
const load = async (set: CaSet): Promise<RootSet> => {
  const text = async (name: SetFile): Promise<string | undefined> => {
    const path = set.paths[name];
    return path === undefined ? undefined : readTextIfPresent(path);
  };
  const pathOf = (name: SetFile): string => set.paths[name] ?? join(set.folder, name);
  const root = (await text("root.pem")) ?? "";
  const rootPath = pathOf("root.pem");
  const facts = factsOf(rootPath, root);
  const rootText = await text("root-key.pem");
  const sealed = rootText !== undefined && sealedKey.test(rootText);
  const ownKey = sealed ? undefined : rootText;
  if (ownKey !== undefined) holdTogether(pathOf("root-key.pem"), ownKey, rootPath, facts);
  const pem = splitPem(root)[0];
  if (!facts.isCa || !facts.selfSigned || facts.keyUsage?.includes("keyCertSign") === false || pem === undefined)
    throw damaged(rootPath, "is not the certificate of a root CA");
  const issuing = splitPem((await text("issuing.pem")) ?? "")[0];
  const between = issuing === undefined ? undefined : factsOf(pathOf("issuing.pem"), issuing);
  const issuingKey = await text("issuing-key.pem");
  if (between && issuingKey !== undefined)
    holdTogether(pathOf("issuing-key.pem"), issuingKey, pathOf("issuing.pem"), between);
  const value = readFields(facts.der).extensions.get(extensions.nameConstraints);
  const cross = splitPem((await text("cross.pem")) ?? "")[0];
  return {
    folder: set.folder,
    rootPath,
    root: pem,
    facts,
    constraints: value === undefined ? undefined : readNameConstraints(value),
    ...(cross === undefined ? {} : { cross }),
    ...(issuing === undefined ? {} : { issuing }),
    signer:
      issuing === undefined || !between
        ? { certificate: pem, facts, privateKey: ownKey }
        : { certificate: issuing, facts: between, privateKey: issuingKey },
    rootKey: sealed ? "sealed" : ownKey === undefined ? "away" : "here",
    paths: set.paths,
  };
};

/** The CA as its files say. @throws Failure naming the file that is wrong. */
const loadAll = async ({ current, older }: CaLayout): Promise<Authority> => {
  const now = await load(current);
  const { privateKey } = now.signer;
  if (privateKey === undefined)
    throw damaged(join(now.folder, now.issuing === undefined ? "root-key.pem" : "issuing-key.pem"), "is missing");
  const before: RootSet[] = [];
  for (const set of older) if (set.paths["root.pem"] !== undefined) before.push(await load(set));
  return { ...now, signer: { ...now.signer, privateKey }, older: before };
};

/** A CA that has issued and lost its files must not be made anew in silence: no client would trust its certificates. */
const refuseLost = ({ current, names }: CaLayout): void => {
  const { folder, paths } = current;
  const keyPath = join(folder, "root-key.pem");
  const keyed = paths["root-key.pem"] !== undefined || paths["issuing.pem"] !== undefined;
  // What is made file by file has its root before it issues, and an issuing CA comes along with its root.
  const used = paths["issuing.pem"] === undefined ? "issued.jsonl" : "issuing.pem";
  if (keyed && paths["root.pem"] === undefined && (used in paths || names.includes(used)))
    throw damaged(join(folder, "root.pem"), `is missing, while ${used} is there`);
  if (keyed) return;
  if (paths["root.pem"] !== undefined) throw damaged(keyPath, "is missing, while root.pem is there");
  if (names.includes("issued.jsonl")) throw damaged(keyPath, "is missing, while issued.jsonl says that it was used");
};

/** The CA as it stands, nothing made. Undefined: there is none yet, or one whose root is still to be made. @throws Failure naming the file that is wrong. */
export const findAuthority = async (folder: string): Promise<Authority | undefined> => {
  const layout = await readLayout(folder);
  refuseLost(layout);
  return layout.current.paths["root.pem"] === undefined ? undefined : loadAll(layout);
};

/**
 * The CA, made if there is none. Killed at any instant, it is finished by the next run: the key first, then the root that belongs to it; neither is ever
 * replaced here, so two runs at once end with one key and one root as well.
 */
export const openAuthority = async (
  folder: string,
  maker: AuthorityMaker,
): Promise<{ readonly authority: Authority; readonly made: boolean }> => {
  await settle(folder);
  const layout = await readLayout(folder);
  refuseLost(layout);
  const made = layout.current.paths["root.pem"] === undefined;
  if (made) await maker.mayMake?.();
  await ensureFolder(folder, 0o700);
  if (made) await makeFiles(folder, maker);
  await removeLeftovers(folder);
  return { authority: await loadAll(await readLayout(folder)), made };
};

const makeFiles = async (folder: string, maker: AuthorityMaker): Promise<void> => {
  const keyPath = join(folder, "root-key.pem");
  if ((await readTextIfPresent(keyPath)) === undefined) await createFileOnce(keyPath, await maker.makeKey(), 0o600);
  // As stored: a run beside this one may have been first.
  const privateKey = await readTextIfPresent(keyPath);
  if (privateKey === undefined) throw damaged(keyPath, "went away while it was being used");
  await createFileOnce(join(folder, "root.pem"), await rootFor(keyPath, privateKey, maker), 0o644);
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
