// Indexed SNI maps of the admin's: they hold the content of keys and chains, and go stale at each renewal until `postmap -F` makes them anew.
import { chmod, chown, realpath, stat } from "node:fs/promises";
import { fileFailure, readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { modeOf } from "../edits.ts";
import { output } from "../program.ts";
import type { ServedCertificate } from "../server.ts";
import { createPostconf } from "./postconf.ts";
import { mapsIn, sniParameter } from "./sni.ts";

/** What `postmap` writes beside a source file, by type (DATABASE_README). */
const suffixes: Readonly<Record<string, string>> = { hash: ".db", btree: ".db", lmdb: ".lmdb", cdb: ".cdb" };

/** Types whose source is the text that they name, so that it can be read. */
const plainTypes = [...Object.keys(suffixes), "texthash"];

export interface TextMap {
  readonly map: string;
  readonly type: string;
  readonly path: string;
}

/** Maps with a source file; others (SQL, LDAP, ...) have none here. */
export const textMaps = (value: string): readonly TextMap[] =>
  mapsIn(value).flatMap((map) => {
    const [, type = "", path = ""] = /^([a-z]+):(\/.*)$/.exec(map) ?? [];
    return plainTypes.includes(type) ? [{ map, type, path }] : [];
  });

/** Key and files of each line of a source. */
export const entriesOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .replace(/\n[ \t]+(?=\S)/g, " ")
      .split("\n")
      .flatMap((line) => {
        const [, key, files] = /^([^\s#]\S*)\s+(\S.*)$/.exec(line) ?? [];
        return key === undefined || files === undefined ? [] : [[key.toLowerCase(), files.trim()] as const];
      }),
  );

/** Where a path leads, whatever links an admin made: behind `live`, a name of its own for each generation. */
const real = (path: string): Promise<string> => realpath(path).catch(() => path);

const filesOf = async (certificates: readonly ServedCertificate[]): Promise<ReadonlySet<string>> => {
  const paths = certificates.flatMap(({ slots }) =>
    Object.values(slots).flatMap((slot) => Object.values(slot) as string[]),
  );
  return new Set(await Promise.all(paths.map(real)));
};

/** Root alone: both hold, or name, private keys, and the database takes the mode of its source. */
const protect = async (path: string): Promise<string | undefined> => {
  const mode = await modeOf(path);
  const owner = (await stat(path).catch(() => undefined))?.uid;
  if (mode === undefined || (mode === 0o600 && owner === 0)) return undefined;
  try {
    if (owner !== 0) await chown(path, 0, 0);
    await chmod(path, 0o600);
  } catch (error) {
    throw fileFailure(error, "change the mode of", path);
  }
  return `${path}: mode 0600 instead of 0${mode.toString(8)}: it leads to private keys`;
};

/** Makes every indexed map anew that holds one of these certificates; a map that is about other names is not touched. Says what was done. */
export const refreshMaps = async (
  run: RunProgram,
  configDir: string,
  certificates: readonly ServedCertificate[],
): Promise<readonly string[]> => {
  const value = (await createPostconf(run, configDir).effective([sniParameter])).get(sniParameter) ?? "";
  const indexed = textMaps(value).filter(({ type }) => suffixes[type] !== undefined);
  if (indexed.length === 0) return [];
  const ours = await filesOf(certificates);
  const done: string[] = [];
  for (const { map, type, path } of indexed) {
    const source = await readTextIfPresent(path);
    const files = [...entriesOf(source ?? "").values()].flatMap((one) => one.split(/[\s,]+/));
    if (!(await Promise.all(files.map(real))).some((file) => ours.has(file))) continue;
    for (const file of [path, `${path}${suffixes[type] ?? ""}`])
      done.push(...[await protect(file)].filter((one) => one !== undefined));
    await output(run, "postmap", ["-c", configDir, "-F", map]);
    done.push(`postmap -F ${map}: it holds the content of certificates that changed`);
  }
  return done;
};
