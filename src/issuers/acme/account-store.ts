// ACME accounts on disk: `<state>/accounts/<ca>/<id>/` (0700) with key.pem (0600) and account.json. The key comes first: newAccount is
// idempotent by key (RFC 8555 §7.3.1), so a run that was killed in between continues with the same account.
import { type KeyObject, createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { readPrivateKey } from "../../domain/private-key.ts";
import { ensureFolder, fileFailure, readTextIfPresent, writeFileAtomic } from "../../system/files.ts";
import { caFolder } from "./ca-folder.ts";

/** account.json. No secret in it. */
export interface AccountRecord {
  readonly schema: 1;
  /** The account's URL, its identity at the CA (`accounturi` of CAA and dns-persist-01). */
  readonly url: string;
  readonly directory: string;
  readonly email?: string;
  readonly termsOfService?: string;
  readonly tosAgreedAt?: string;
  readonly createdAt: string;
}

export interface StoredAccount {
  readonly folder: string;
  /** PKCS#8 PEM. Never leaves this process. */
  readonly key: string;
  /** undefined: a key without an account yet. */
  readonly record?: AccountRecord;
}

const idPattern = /^[0-9a-f]{16}$/;

/** RFC 7638 thumbprint of the account key, its first 64 bits in hex. */
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

const readAccount = async (folder: string): Promise<StoredAccount | undefined> => {
  const key = await readTextIfPresent(join(folder, "key.pem"));
  if (key === undefined) return undefined;
  try {
    readPrivateKey(key);
  } catch {
    // Without the cause: nothing that saw the key's text travels on.
    throw new Failure("data", `the account key ${join(folder, "key.pem")} cannot be read as a private key`, {
      hints: ["put it back from a backup, or move the folder away to register a new account"],
    });
  }
  const path = join(folder, "account.json");
  const text = await readTextIfPresent(path);
  return text === undefined ? { folder, key } : { folder, key, record: readRecord(text, path) };
};

const entries = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileFailure(error, "read the folder", folder);
  }
};

/** The account in use for a directory: the newest registered one, else a key that still waits for its account; undefined: none. */
export const findAccount = async (stateDir: string, directory: string): Promise<StoredAccount | undefined> => {
  const parent = join(stateDir, "accounts", caFolder(directory));
  const found: StoredAccount[] = [];
  for (const name of (await entries(parent)).filter((entry) => idPattern.test(entry)).sort()) {
    const account = await readAccount(join(parent, name));
    if (account) found.push(account);
  }
  const made = ({ record }: StoredAccount): string => record?.createdAt ?? "";
  return found.sort((a, b) => (made(a) < made(b) ? 1 : made(a) > made(b) ? -1 : 0))[0];
};

/** Makes and stores a new account key (ECDSA P-256). */
export const makeAccountKey = (stateDir: string, directory: string): Promise<StoredAccount> => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return storeAccountKey(stateDir, directory, privateKey);
};

/** Stores an account key, of whatever kind. The same key always lies in the same folder. */
export const storeAccountKey = async (
  stateDir: string,
  directory: string,
  privateKey: KeyObject,
): Promise<StoredAccount> => {
  const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const accounts = join(stateDir, "accounts");
  const folder = join(accounts, caFolder(directory), accountId(privateKey));
  for (const path of [accounts, join(accounts, caFolder(directory)), folder]) await ensureFolder(path, 0o700);
  await writeFileAtomic(join(folder, "key.pem"), key, { mode: 0o600 });
  return { folder, key };
};

export const saveRecord = (folder: string, record: AccountRecord): Promise<void> =>
  writeFileAtomic(join(folder, "account.json"), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
