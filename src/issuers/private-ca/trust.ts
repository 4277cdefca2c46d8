// What mail servers judge client certificates by: one file with the CA and its lists of revoked ones, one with the fingerprints that are good now. Beside the CAs, for everybody to read: nothing in them is secret.
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { ensureFolder, fileFailure, readTextIfPresent, writeFileAtomic } from "../../system/files.ts";
import type { ClientTrust } from "../private-cas.ts";
import { type Authority, type RootSet, findAuthority } from "./authority.ts";
import { notedFiles } from "./due.ts";
import { validClients } from "./clients.ts";

/** @param folder of the CA, wherever its files lie just now */
export const trustPaths = (folder: string): Omit<ClientTrust, "unread"> & { readonly owed: string } => {
  const beside = join(dirname(dirname(folder)), "clients");
  const name = basename(folder);
  return { file: join(beside, `${name}.pem`), map: join(beside, `${name}.map`), owed: join(beside, `${name}.unread`) };
};

/** A list for each step of the chain: without one OpenSSL refuses every certificate below it. */
const ofSet = async ({ issuing, root, paths, facts }: RootSet, now: Date): Promise<readonly string[]> => {
  if (facts.notAfter <= now) return [];
  const text = async (name: "crl.pem" | "root-crl.pem"): Promise<string> => {
    const path = paths[name];
    return path === undefined ? "" : ((await readTextIfPresent(path)) ?? "");
  };
  const own = await text("crl.pem");
  return issuing === undefined ? [root, own] : [issuing, own, root, await text("root-crl.pem")];
};

const ended = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

const trustText = async (authority: Authority, now: Date): Promise<string> => {
  const parts: string[] = [];
  for (const set of [authority, ...authority.older]) parts.push(...(await ofSet(set, now)));
  return parts.map(ended).join("");
};

/** As Postfix's relay_clientcerts wants it (postconf(5)): SHA-256 in pairs, then anything; no address, for everybody on the host may read it. */
const mapText = async (folder: string, now: Date): Promise<string> => {
  const lines = (await validClients(folder, now)).map(
    ({ sha256, serial }) => `${(sha256.toUpperCase().match(/../g) ?? []).join(":")} ${serial}`,
  );
  return [
    "# Client certificates that are good now, written by mailcert: it replaces this file. `mailcert ca show` says whose.",
    ...lines,
    "",
  ].join("\n");
};

const replace = async (path: string, text: string): Promise<boolean> => {
  if ((await readTextIfPresent(path)) === text) return false;
  await writeFileAtomic(path, text, { mode: 0o644 });
  return true;
};

/** One of them is enough: whoever took the other away did not mean both. */
export const trustIsThere = (folder: string): boolean => {
  const { file, map } = trustPaths(folder);
  return existsSync(file) || existsSync(map);
};

/** As they are noted. @param cas folder of all CAs */
export const trustFiles = (cas: string, name: string): readonly string[] => {
  const { file, map } = trustPaths(join(cas, name));
  return [file, map].map((path) => relative(dirname(cas), path));
};

/** Whether somebody asked for the files of a CA: `there`, one at least; `gone`: both were taken away since. */
export const trustIsAsked = async (folder: string): Promise<"there" | "gone" | undefined> => {
  if (trustIsThere(folder)) return "there";
  const noted = await notedFiles(dirname(folder));
  return trustFiles(dirname(folder), basename(folder)).some((file) => noted.includes(file)) ? "gone" : undefined;
};

/** Whether they say something else than they should, one has gone, or servers have not read them yet. Changes nothing. undefined: there is no such CA. */
export const trustIsBehind = async (folder: string, now: Date): Promise<boolean | undefined> => {
  const authority = await findAuthority(folder);
  if (!authority) return undefined;
  const { file, map, owed } = trustPaths(folder);
  const isCurrent =
    (await readTextIfPresent(file)) === (await trustText(authority, now)) &&
    (await readTextIfPresent(map)) === (await mapText(authority.folder, now));
  return !isCurrent || (await readTextIfPresent(owed)) !== undefined;
};

/** Writes both where they say something else; that servers have not read them yet is noted first, and survives a kill. */
export const writeTrust = async (folder: string, now: Date): Promise<ClientTrust | undefined> => {
  const authority = await findAuthority(folder);
  if (!authority) return undefined;
  const { file, map, owed } = trustPaths(folder);
  await ensureFolder(dirname(file), 0o755);
  const [trust, good] = [await trustText(authority, now), await mapText(authority.folder, now)];
  const stale = (await readTextIfPresent(file)) !== trust || (await readTextIfPresent(map)) !== good;
  const gone = (await trustIsAsked(folder)) === undefined ? [] : [file, map].filter((path) => !existsSync(path));
  if (stale) await writeFileAtomic(owed, [now.toISOString(), ...gone, ""].join("\n"), { mode: 0o644 });
  await replace(file, trust);
  await replace(map, good);
  return { file, map, unread: stale || (await readTextIfPresent(owed)) !== undefined };
};

/** The same, where somebody asked for them once. */
export const renewTrust = async (folder: string, now: Date): Promise<void> => {
  if (trustIsThere(folder)) await writeTrust(folder, now);
};

/** When the next certificate leaves the map by its end, in ms: Postfix goes by the fingerprint alone, and would take it for ever. Empty: nobody asked for the files. */
export const clientEnds = async (folder: string, now: Date): Promise<readonly number[]> => {
  if (!trustIsThere(folder)) return [];
  const ends = (await validClients(folder, now)).map(({ notAfter }) => Date.parse(notAfter));
  return ends.length === 0 ? [] : [Math.min(...ends)];
};

/** It says when they were written, so that who has read them since can be told from who has not. */
export const trustMark = async (folder: string): Promise<string | undefined> =>
  (await readTextIfPresent(trustPaths(folder).owed))?.split("\n")[0];

/** Which of them had gone and were written again; each is given once. */
export const takeRestored = async (folder: string): Promise<readonly string[]> => {
  const { owed } = trustPaths(folder);
  const [mark, ...paths] = ((await readTextIfPresent(owed)) ?? "").split("\n").filter(Boolean);
  if (mark !== undefined && paths.length > 0) await writeFileAtomic(owed, `${mark}\n`, { mode: 0o644 });
  return paths;
};

export const trustIsRead = async (folder: string): Promise<void> => {
  const { owed } = trustPaths(folder);
  try {
    await rm(owed, { force: true });
  } catch (error) {
    throw fileFailure(error, "remove", owed);
  }
};

/** Whether servers have not read one of these CAs' yet. A CA that was moved away leaves its mark behind. @param cas folder of all CAs */
export const trustIsUnread = async (cas: string, names: readonly string[]): Promise<boolean> =>
  (await readdir(join(dirname(cas), "clients")).catch(() => [])).some(
    (file) => file.endsWith(".unread") && names.includes(file.slice(0, -".unread".length)),
  );
