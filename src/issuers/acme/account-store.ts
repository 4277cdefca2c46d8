// ACME accounts on disk: `<state>/accounts/<ca>/<id>/` (0700) with key.pem (0600) and account.json. The key comes first: newAccount is
// idempotent by key (RFC 8555 §7.3.1), so a run that was killed in between continues with the same account. key.next.pem: rollover.ts.
import { type KeyObject, createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { readPrivateKey } from "../../domain/private-key.ts";
import { ensureFolder, fileFailure, readTextIfPresent, syncFolder, writeFileAtomic } from "../../system/files.ts";
import { caFolder } from "./ca-folder.ts";

/** account.json. No secret in it. */
export interface AccountRecord {
  readonly schema: 1;
  /** The account's URL, its identity at the CA (`accounturi` of CAA and dns-persist-01). */
  readonly url: string;
  readonly directory: string;
  readonly email?: string;
  /** Addresses that it had before. */
  readonly formerEmails?: readonly string[];
  readonly termsOfService?: string;
  readonly tosAgreedAt?: string;
  readonly createdAt: string;
  /** ISO date. It orders nothing any more, and no CA takes it back. */
  readonly deactivatedAt?: string;
}

export interface StoredAccount {
  readonly folder: string;
  /** PKCS#8 PEM. Never leaves this process. */
  readonly key: string;
  /** The key of a rollover whose end is not known here. */
  readonly nextKey?: string;
  /** undefined: a key without an account yet. */
  readonly record?: AccountRecord;
}

const idPattern = /^[0-9a-f]{16}$/;
const nextKeyName = "key.next.pem";

/** RFC 7638 thumbprint of the account's first key, its first 64 bits in hex: a rollover leaves the folder where it is. */
const accountId = (key: KeyObject): string => {
  const { crv, kty, x, y, e, n } = createPublicKey(key).export({ format: "jwk" });
  const members = kty === "RSA" ? { e, kty, n } : { crv, kty, x, y };
  return createHash("sha256").update(JSON.stringify(members)).digest("hex").slice(0, 16);
};

const readRecord = (text: string, path: string): AccountRecord => {
  let value: Partial<AccountRecord> | null = null;
  try {
    value = JSON.parse(text) as Partial<AccountRecord> | null;
  } catch {
    // said below
  }
  if (typeof value?.schema === "number" && value.schema > 1)
    throw new Failure("config", `${path} was written by a newer mailcert (schema ${String(value.schema)}, known: 1)`, {
      hints: ["update mailcert"],
    });
  if (value?.schema !== 1 || typeof value.url !== "string" || typeof value.directory !== "string")
    throw new Failure("data", `${path} cannot be read: it is no account record`, {
      hints: [`move ${path} away: with key.pem kept, the next run finds the same account at the CA again`],
    });
  return value as AccountRecord;
};

const readKey = async (path: string): Promise<string | undefined> => {
  const key = await readTextIfPresent(path);
  if (key === undefined) return undefined;
  try {
    readPrivateKey(key);
  } catch {
    // Without the cause: nothing that saw the key's text travels on.
    throw new Failure("data", `the account key ${path} cannot be read as a private key`, {
      hints: ["put it back from a backup, or move the folder away to register a new account"],
    });
  }
  return key;
};

const readAccount = async (folder: string): Promise<StoredAccount | undefined> => {
  const key = await readKey(join(folder, "key.pem"));
  if (key === undefined) return undefined;
  const nextKey = await readKey(join(folder, nextKeyName));
  const path = join(folder, "account.json");
  const text = await readTextIfPresent(path);
  return {
    folder,
    key,
    ...(nextKey === undefined ? {} : { nextKey }),
    ...(text === undefined ? {} : { record: readRecord(text, path) }),
  };
};

const entries = async (folder: string): Promise<readonly string[]> => {
  try {
    return (await readdir(folder, { withFileTypes: true }))
      .filter((one) => one.isDirectory() || one.isSymbolicLink())
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileFailure(error, "read the folder", folder);
  }
};

const accountsBelow = async (parent: string): Promise<readonly StoredAccount[]> => {
  const found: StoredAccount[] = [];
  for (const name of (await entries(parent)).filter((entry) => idPattern.test(entry)).sort()) {
    const account = await readAccount(join(parent, name));
    if (account) found.push(account);
  }
  // The newest registered one, then keys that wait, then what was deactivated.
  const rank = ({ record }: StoredAccount): string =>
    record === undefined ? "1" : record.deactivatedAt === undefined ? `2${record.createdAt}` : `0${record.createdAt}`;
  return found.sort((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0));
};

/** Every account for a directory, the one in use first. */
export const accountsAt = (stateDir: string, directory: string): Promise<readonly StoredAccount[]> =>
  accountsBelow(join(stateDir, "accounts", caFolder(directory)));

/** The account in use for a directory: the newest registered one, else a key that still waits for its account, else one that was deactivated; undefined: none. */
export const findAccount = async (stateDir: string, directory: string): Promise<StoredAccount | undefined> =>
  (await accountsAt(stateDir, directory))[0];

/** Every account by the name of its CA's folder, the one in use there first. */
export const allAccounts = async (
  stateDir: string,
): Promise<readonly { readonly ca: string; readonly accounts: readonly StoredAccount[] }[]> => {
  const parent = join(stateDir, "accounts");
  const found = [];
  for (const ca of (await entries(parent)).toSorted())
    found.push({ ca, accounts: await accountsBelow(join(parent, ca)) });
  return found;
};

const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

const pemOf = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }) as string;

/** Makes and stores a new account key (ECDSA P-256). */
export const makeAccountKey = (stateDir: string, directory: string): Promise<StoredAccount> =>
  storeAccountKey(stateDir, directory, newKey());

/** Makes the key that is to take the account over, beside the one that it has. */
export const makeNextKey = async (folder: string): Promise<string> => {
  const key = pemOf(newKey());
  await writeFileAtomic(join(folder, nextKeyName), key, { mode: 0o600 });
  return key;
};

/** The CA has it: it takes the place of the old one, by one rename. */
export const promoteNextKey = async (folder: string): Promise<void> => {
  const path = join(folder, nextKeyName);
  try {
    await rename(path, join(folder, "key.pem"));
    await syncFolder(folder);
  } catch (error) {
    throw fileFailure(error, "rename", path);
  }
};

/** The CA has refused it. */
export const dropNextKey = (folder: string): Promise<void> => rm(join(folder, nextKeyName), { force: true });

/** Stores an account key, of whatever kind. The same key always lies in the same folder. */
export const storeAccountKey = async (
  stateDir: string,
  directory: string,
  privateKey: KeyObject,
): Promise<StoredAccount> => {
  const key = pemOf(privateKey);
  const accounts = join(stateDir, "accounts");
  const folder = join(accounts, caFolder(directory), accountId(privateKey));
  // Its account has another key since.
  const present = await readTextIfPresent(join(folder, "key.pem"));
  if (present !== undefined && !readPrivateKey(present).equals(privateKey))
    throw new Failure("data", `${folder} belongs to this account key, and holds another one since a rollover`, {
      hints: [`move ${folder} away where its account is not needed any more`],
    });
  for (const path of [accounts, join(accounts, caFolder(directory)), folder]) await ensureFolder(path, 0o700);
  await writeFileAtomic(join(folder, "key.pem"), key, { mode: 0o600 });
  return { folder, key };
};

export const saveRecord = (folder: string, record: AccountRecord): Promise<void> =>
  writeFileAtomic(join(folder, "account.json"), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
