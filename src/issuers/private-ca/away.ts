// A root's key that leaves this host, or lies here under a passphrase: written into a folder to be carried away, and brought back for a rotation.
import { dirname, join } from "node:path";
import { readCertificate } from "../../domain/certificate.ts";
import { Failure } from "../../domain/failure.ts";
import { keyMatches } from "../../domain/key-match.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { createFileOnce } from "../../system/create-once.ts";
import { ensureFolder, readTextIfPresent } from "../../system/files.ts";
import { refuseUnsafeFolder } from "../../system/safe-folder.ts";
import { decryptKey } from "../../x509/encrypted-key.ts";
import type { Authority, RootSet } from "./authority.ts";

const keyName = "root-key.pem";

const occupied = (path: string): Failure =>
  new Failure("cannot-create", `${path} is there already: a root's key is never written over`, {
    hints: [
      "name an empty folder (offline: --offline DIR); where an earlier run was cut short and no CA was made, remove what it left",
    ],
  });

/** Nobody may mistake one root's key for another's. */
export const refuseOccupied = async (folder: string): Promise<void> => {
  for (const name of [keyName, "root.pem"]) {
    const path = join(folder, name);
    if ((await readTextIfPresent(path)) !== undefined) throw occupied(path);
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
  for (const [name, content, mode] of [
    [keyName, sealed, 0o600],
    ["root.pem", root, 0o644],
  ] as const)
    if (!(await createFileOnce(join(folder, name), content, mode))) throw occupied(join(folder, name));
  const path = join(folder, keyName);
  const back = (await readTextIfPresent(join(folder, "root.pem"))) ?? "";
  if (back !== root || !keyMatches(decryptKey((await readTextIfPresent(path)) ?? "", passphrase, path), root))
    throw new Failure("cannot-create", `what was written to ${folder} reads back as something else`, {
      hints: ["try another medium: this one does not keep what is written to it"],
    });
};

const titleOf = ({ facts }: Pick<RootSet, "facts">): string => facts.commonName ?? facts.subject;

/** Whose key it is, where that can be seen: of an earlier root, or of the one in the file beside it. */
const ownerOf = async (privateKey: string, path: string, older: readonly RootSet[]): Promise<string> => {
  const known = older.find(({ root }) => keyMatches(privateKey, root));
  if (known) return `of the earlier root ${titleOf(known)}`;
  try {
    const beside = (await readTextIfPresent(join(dirname(path), "root.pem"))) ?? "";
    if (keyMatches(privateKey, beside)) return `of the root ${titleOf({ facts: readCertificate(beside) })}`;
  } catch {
    // There is none that can be read.
  }
  return "of another root";
};

/** A certificate by another key than the root's leads nowhere: no client would follow it. */
const refuseOtherKey = async (privateKey: string, path: string, name: string, authority: Authority): Promise<void> => {
  if (keyMatches(privateKey, authority.root)) return;
  throw new Failure(
    "data",
    `${path} holds the key ${await ownerOf(privateKey, path, authority.older)}, and the present root of "${name}" is ${titleOf(authority)}: nothing was changed`,
    { hints: [`bring the key of ${titleOf(authority)}: it was carried away with its root.pem when that was made`] },
  );
};

/**
 * PKCS#8 PEM of the present root's key: from this host, or from the file that was brought back.
 * @throws Failure `usage` where it is needed, `data` for the key of another root.
 */
export const rootKeyOf = async (
  authority: Authority,
  name: string,
  { file, passphrase }: { readonly file: string | undefined; readonly passphrase: () => Promise<string> },
): Promise<string> => {
  const { rootKey, paths, rootPath } = authority;
  const path = file ?? (rootKey === "away" ? undefined : paths[keyName]);
  if (path === undefined)
    throw new Failure(
      "usage",
      `the key of the root in ${rootPath} is not on this host, and only it can vouch for a new one`,
      {
        hints: [
          `bring its file back for this one command, and name an empty folder for the next one's: mailcert ca rotate ${shellWord(name)} --root-key FILE --offline DIR`,
        ],
      },
    );
  const text = await readTextIfPresent(path);
  if (text === undefined) throw new Failure("data", `there is no ${path}`);
  const sealed = text.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  const privateKey = sealed ? decryptKey(text, await passphrase(), path) : text;
  await refuseOtherKey(privateKey, path, name, authority);
  return privateKey;
};
