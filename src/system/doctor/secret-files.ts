// The files of mailcert that hold secrets, with who owns them and their modes: keys of certificates, accounts and the private CA, secrets/ beside the configuration.
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface FileFacts {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** The permission bits. With an access list those of the group are its mask. */
  readonly mode: number;
  /** When it was last written: milliseconds since 1970. */
  readonly writtenMs: number;
}

/** A person would not want to read more of them, and a fleet must not take minutes. */
const mostFiles = 5_000;

const keyFile =
  /^(privkey|combined|key|root-key|issuing-key|key\.next|key\.refused-.*)\.pem$|^\d+\.pem$|^events\.jsonl$/;

/** `account.json` says nothing secret; certificates are for everybody. */
const isSecret = (folder: string, name: string): boolean =>
  keyFile.test(name) && !(/^\d+\.pem$/.test(name) && !/\/keys\/[a-z]+$/.test(folder));

const below = async (folder: string, found: string[], depth = 0): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (found.length >= mostFiles) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth < 6) await below(path, found, depth + 1);
    } else if (entry.isFile() && isSecret(folder, entry.name)) found.push(path);
  }
};

export const factsOf = async (path: string): Promise<FileFacts | undefined> => {
  const facts = await lstat(path).catch(() => undefined);
  return facts && { path, uid: facts.uid, gid: facts.gid, mode: facts.mode & 0o7777, writtenMs: facts.mtimeMs };
};

const factsOfAll = async (paths: readonly string[]): Promise<readonly FileFacts[]> =>
  (await Promise.all(paths.map(factsOf))).filter((facts) => facts !== undefined);

/** Below the state folder. What cannot be looked into is left out. */
export const secretsOfState = async (stateDir: string): Promise<readonly FileFacts[]> => {
  const found: string[] = [];
  await below(stateDir, found);
  return factsOfAll(found);
};

/** Every file of `secrets/` beside the configuration. */
export const secretsOfConfig = async (configDir: string): Promise<readonly FileFacts[]> => {
  const folder = join(configDir, "secrets");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return factsOfAll(entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name)));
};
