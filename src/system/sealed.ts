// Octets under a passphrase: scrypt (RFC 7914) and AES-256-GCM, with a header of one line that says so and is authenticated along.
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { Failure } from "../domain/failure.ts";

/** 128 MiB of memory, some tenths of a second: for a passphrase that a person chose. */
const cost = { N: 1 << 17, r: 8, p: 1 } as const;
const maxmem = 256 * 1024 * 1024;

const magic = "mailcert-ca-backup 1\n";
const tagLength = 16;

const derive = (passphrase: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(Buffer.from(passphrase.normalize("NFC"), "utf8"), salt, 32, { ...cost, maxmem }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });

/** `header`: what may be known without the passphrase. */
export const seal = async (
  content: Buffer,
  header: Readonly<Record<string, unknown>>,
  passphrase: string,
): Promise<Buffer> => {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const said = {
    ...header,
    kdf: "scrypt",
    ...cost,
    salt: salt.toString("hex"),
    cipher: "aes-256-gcm",
    nonce: nonce.toString("hex"),
  };
  const head = Buffer.from(`${magic}${JSON.stringify(said)}\n`, "utf8");
  const key = await derive(passphrase, salt);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(head);
  const body = Buffer.concat([cipher.update(content), cipher.final()]);
  key.fill(0);
  return Buffer.concat([head, body, cipher.getAuthTag()]);
};

const unreadable = (path: string, why: string, hints: readonly string[] = []): Failure =>
  new Failure("data", `${path} ${why}`, { hints, facts: { path } });

interface Head {
  readonly raw: Buffer;
  readonly salt: Buffer;
  readonly nonce: Buffer;
  readonly said: Readonly<Record<string, unknown>>;
}

const hexOf = (value: unknown, length: number): Buffer | undefined =>
  typeof value === "string" && new RegExp(`^[0-9a-f]{${length * 2}}$`).test(value)
    ? Buffer.from(value, "hex")
    : undefined;

const headOf = (sealed: Buffer, path: string): Head => {
  const version = /^mailcert-ca-backup (\d+)\n/.exec(sealed.subarray(0, 40).toString("latin1"))?.[1];
  if (version === undefined)
    throw unreadable(path, "is no backup of a private CA", [
      "name a file that `mailcert ca backup --out FILE` has written",
    ]);
  if (version !== "1")
    throw unreadable(path, `is a backup of version ${version}, which this mailcert does not know`, [
      "use the mailcert that made it, or a newer one",
    ]);
  const end = sealed.indexOf(0x0a, magic.length);
  const damaged = unreadable(path, "is damaged: its header cannot be read", ["use another copy of the backup"]);
  if (end < 0) throw damaged;
  let said: Readonly<Record<string, unknown>>;
  try {
    said = JSON.parse(sealed.subarray(magic.length, end).toString("utf8")) as Readonly<Record<string, unknown>>;
  } catch {
    throw damaged;
  }
  const salt = hexOf(said["salt"], 16);
  const nonce = hexOf(said["nonce"], 12);
  // Other costs would let a stranger's file take all memory.
  const known = said["kdf"] === "scrypt" && said["cipher"] === "aes-256-gcm";
  const usual = said["N"] === cost.N && said["r"] === cost.r && said["p"] === cost.p;
  if (!salt || !nonce || !known || !usual) throw damaged;
  return { raw: sealed.subarray(0, end + 1), salt, nonce, said };
};

/** @throws Failure `data` for a wrong passphrase, a file that was cut, or one octet that is another. `path` is for messages. */
export const unseal = async (
  sealed: Buffer,
  passphrase: string,
  path: string,
): Promise<{ readonly content: Buffer; readonly header: Readonly<Record<string, unknown>> }> => {
  const { raw, salt, nonce, said } = headOf(sealed, path);
  const body = sealed.subarray(raw.length);
  if (body.length < tagLength) throw unreadable(path, "is cut short", ["use another copy of the backup"]);
  const key = await derive(passphrase, salt);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagLength });
  decipher.setAAD(raw);
  decipher.setAuthTag(body.subarray(-tagLength));
  try {
    return {
      content: Buffer.concat([decipher.update(body.subarray(0, -tagLength)), decipher.final()]),
      header: said,
    };
  } catch {
    throw unreadable(path, "cannot be opened: the passphrase is another one, or the file is damaged or cut short", [
      "try the passphrase again; where it is right, use another copy of the backup",
    ]);
  } finally {
    key.fill(0);
  }
};
