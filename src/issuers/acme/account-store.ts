// ACME accounts on disk: `<state>/accounts/<ca>/<id>/` (0700) with key.pem (0600) and account.json. The key comes first: newAccount is
// idempotent by key (RFC 8555 §7.3.1), so a run that was killed in between continues with the same account. key.next.pem: rollover.ts.
import { type KeyObject, createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { newerFailure } from "../../domain/newer.ts";
import { Failure } from "../../domain/failure.ts";
import { readPrivateKey } from "../../domain/private-key.ts";
import { ensureFolder, fileFailure, readTextIfPresent, syncFolder, writeFileAtomic } from "../../system/files.ts";
import { caFolder } from "../../domain/ca-folder.ts";

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

export interface RefusedKey {
  /** Of its file. */
  readonly name: string;
  readonly key: string;
  readonly refusedAt: Date;
}

export interface StoredAccount {
  readonly folder: string;
  /** PKCS#8 PEM. Never leaves this process. */
  readonly key: string;
  /** The key of a rollover whose end is not known here. */
  readonly nextKey?: string;
  /** Keys of rollovers that the CA refused, the newest first: it may have taken one all the same. Absent where there are none. */
  readonly refusedKeys?: readonly RefusedKey[];
  /** undefined: a key without an account yet. */
  readonly record?: AccountRecord;
}

const idPattern = /^[0-9a-f]{16}$/;
export const nextKeyName = "key.next.pem";
/** key.refused-20261121T094419Z.pem */
const refusedPattern = /^key\.refused-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.pem$/;

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
    throw newerFailure({ path, schema: value.schema, known: 1, by: (value as { writtenBy?: unknown }).writtenBy });
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

const readRefused = async (folder: string): Promise<readonly RefusedKey[]> => {
  const found: RefusedKey[] = [];
  for (const { name } of await readdir(folder, { withFileTypes: true })) {
    const [whole, year, month, day, hour, minute, second] = refusedPattern.exec(name) ?? [];
    if (whole === undefined) continue;
    // A damaged one is no trouble of the account's.
    const key = await readKey(join(folder, name)).catch(() => undefined);
    if (key !== undefined)
      found.push({ name, key, refusedAt: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) });
  }
  return found.sort((a, b) => (a.name < b.name ? 1 : -1));
};

const readAccount = async (folder: string): Promise<StoredAccount | undefined> => {
  const key = await readKey(join(folder, "key.pem"));
  if (key === undefined) return undefined;
  const nextKey = await readKey(join(folder, nextKeyName));
  const refusedKeys = await readRefused(folder);
  const path = join(folder, "account.json");
  const text = await readTextIfPresent(path);
  return {
    folder,
    key,
    ...(nextKey === undefined ? {} : { nextKey }),
    ...(refusedKeys.length === 0 ? {} : { refusedKeys }),
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

const foldersBelow = async (parent: string): Promise<readonly string[]> =>
  (await entries(parent))
    .filter((entry) => idPattern.test(entry))
    .toSorted()
    .map((entry) => join(parent, entry));

const inOrder = (found: readonly StoredAccount[]): readonly StoredAccount[] => {
  // The newest registered one, then keys that wait, then what was deactivated.
  const rank = ({ record }: StoredAccount): string =>
    record === undefined ? "1" : record.deactivatedAt === undefined ? `2${record.createdAt}` : `0${record.createdAt}`;
  return found.toSorted((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : 0));
};

const accountsBelow = async (parent: string): Promise<readonly StoredAccount[]> => {
  const found: StoredAccount[] = [];
  for (const folder of await foldersBelow(parent)) {
    const account = await readAccount(folder);
    if (account) found.push(account);
  }
  return inOrder(found);
};

/** Every account for a directory, the one in use first. */
export const accountsAt = (stateDir: string, directory: string): Promise<readonly StoredAccount[]> =>
  accountsBelow(join(stateDir, "accounts", caFolder(directory)));

/** The account in use for a directory: the newest registered one, else a key that still waits for its account, else one that was deactivated; undefined: none. */
export const findAccount = async (stateDir: string, directory: string): Promise<StoredAccount | undefined> =>
  (await accountsAt(stateDir, directory))[0];

/** An account that cannot be used: nothing is ordered at its CA before a person has looked. */
export interface DamagedAccount {
  readonly folder: string;
  readonly failure: Failure;
}

export interface AccountsOfCa {
  /** The one in use first. */
  readonly accounts: readonly StoredAccount[];
  readonly damaged: readonly DamagedAccount[];
}

const accountsOfCa = async (parent: string): Promise<AccountsOfCa> => {
  const found: StoredAccount[] = [];
  const damaged: DamagedAccount[] = [];
  for (const folder of await foldersBelow(parent)) {
    try {
      const account = await readAccount(folder);
      if (account) found.push(account);
    } catch (failure) {
      // Who may not read it at all may not read the others either.
      if (!(failure instanceof Failure) || failure.kind === "no-permission") throw failure;
      damaged.push({ folder, failure });
    }
  }
  return { accounts: inOrder(found), damaged };
};

/** Every account of each CA. What is damaged at one CA is no trouble of another's. */
export const allAccounts = async (stateDir: string): Promise<readonly AccountsOfCa[]> => {
  const parent = join(stateDir, "accounts");
  const found = [];
  for (const ca of (await entries(parent)).toSorted()) found.push(await accountsOfCa(join(parent, ca)));
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

const renameKey = async (folder: string, name: string, to: string): Promise<void> => {
  const path = join(folder, name);
  try {
    await rename(path, join(folder, to));
    await syncFolder(folder);
  } catch (error) {
    throw fileFailure(error, "rename", path);
  }
};

/** The CA has the key in the file `name`: it takes the place of the old one, by one rename. */
export const promoteKey = (folder: string, name: string): Promise<void> => renameKey(folder, name, "key.pem");

/** The CA has refused it. So it says: it is put aside, for a server of the CA's that lags behind may have said so. */
export const refuseNextKey = (folder: string, now: Date): Promise<void> =>
  renameKey(folder, nextKeyName, `key.refused-${now.toISOString().replaceAll(/[-:]|\.\d+/g, "")}.pem`);

/** One that never was the account's. */
export const dropKey = (folder: string, name: string): Promise<void> => rm(join(folder, name), { force: true });

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
