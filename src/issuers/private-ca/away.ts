// A root's key that leaves this host, or lies here under a passphrase: written into a folder to be carried away, and brought back for a rotation.
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { createFileOnce } from "../../system/create-once.ts";
import { ensureFolder, readTextIfPresent } from "../../system/files.ts";
import { refuseUnsafeFolder } from "../../system/safe-folder.ts";
import { decryptKey } from "../../x509/encrypted-key.ts";
import type { RootSet } from "./authority.ts";

const keyName = "root-key.pem";

/** Nobody may mistake one root's key for another's. */
export const refuseOccupied = async (folder: string): Promise<void> => {
  for (const name of [keyName, "root.pem"]) {
    const path = join(folder, name);
    if ((await readTextIfPresent(path)) === undefined) continue;
    throw new Failure("cannot-create", `${path} is there already: a root's key is never written over`, {
      hints: [
        "name an empty folder (offline: --offline DIR); where an earlier run was cut short and no CA was made, remove what it left",
      ],
    });
  }
};

/** The encrypted key, then the root beside it, and both read back: what cannot be opened again must not be the only copy. */
export const carryAway = async (
  folder: string,
  { sealed, root, passphrase }: { readonly sealed: string; readonly root: string; readonly passphrase: string },
  uid: number,
): Promise<void> => {
  await refuseUnsafeFolder(folder, uid);
  await ensureFolder(folder, 0o700);
  await refuseUnsafeFolder(folder, uid);
  await refuseOccupied(folder);
  const path = join(folder, keyName);
  await createFileOnce(path, sealed, 0o600);
  await createFileOnce(join(folder, "root.pem"), root, 0o644);
  decryptKey((await readTextIfPresent(path)) ?? "", passphrase, path);
};

/** PKCS#8 PEM of the present root's key: from this host, or from the file that was brought back. @throws Failure `usage` where it is needed. */
export const rootKeyOf = async (
  { rootKey, paths, rootPath }: RootSet,
  name: string,
  { file, passphrase }: { readonly file: string | undefined; readonly passphrase: () => Promise<string> },
): Promise<string> => {
  const path = file ?? (rootKey === "away" ? undefined : paths[keyName]);
  if (path === undefined)
    throw new Failure(
      "usage",
      `the key of the root in ${rootPath} is not on this host, and only it can vouch for a new one`,
      {
        hints: [`bring its file back for this one command: mailcert ca rotate ${shellWord(name)} --root-key FILE`],
      },
    );
  const text = await readTextIfPresent(path);
  if (text === undefined) throw new Failure("data", `there is no ${path}`);
  return text.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----") ? decryptKey(text, await passphrase(), path) : text;
};
