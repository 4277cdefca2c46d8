// Courier's certificates by name: links beside the file that TLS_CERTFILE names, one for each name that clients ask for, and the list of them.
import { lstat, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { isWildcard } from "../../domain/names.ts";
import { sniNames } from "../../domain/sni-names.ts";
import { stamped } from "../../domain/stamp.ts";
import { fileFailure, readTextIfPresent, syncFolder, temporaryBeside } from "../../system/files.ts";
import { escapes } from "../../system/templates.ts";
import { modeOf } from "../edits.ts";
import { slotBeside } from "../one-slot.ts";
import { isOurs } from "../readable.ts";
import type { Change, ServedCertificate } from "../server.ts";

const mode = 0o644;

/** What TLS_CERTFILE names where certificates go by name: a link to the one for everybody else. couriertls looks for this path with `.NAME` first. */
export const linkBase = (folder: string): string => join(folder, "mailcert.pem");

/** The list that the links are made from: ours alone. */
export const namesFile = (folder: string): string => join(folder, "mailcert.names");

/** A file of ours, or our link. */
export const isOurCertificate = (folder: string, path: string): boolean => isOurs(path) || path === linkBase(folder);

export interface NamedLink {
  /** `*`: the one for everybody else. */
  readonly key: string;
  readonly name: string;
  readonly path: string;
  readonly target: string;
}

/**
 * couriertls asks for `.mail.example.org`, then for `.example.org`, then for `.org` (seen): a wildcard is its parent's name, and every name needs a link
 * of its own, or it would get the certificate of a parent. A name wins where another certificate's wildcard would have the same link.
 */
export const linksFor = (
  folder: string,
  main: ServedCertificate,
  bySni: readonly ServedCertificate[],
): readonly NamedLink[] => {
  const mine = sniNames(main, bySni);
  const all = [main, ...bySni].flatMap((certificate) =>
    (mine.get(certificate.name) ?? []).map((name) => ({ name, target: slotBeside(certificate, main).combined })),
  );
  const found = new Map<string, NamedLink>();
  for (const { name, target } of [
    ...all.filter(({ name }) => !isWildcard(name)),
    ...all.filter(({ name }) => isWildcard(name)),
  ]) {
    const key = name.replace(/^\*\./, "");
    if (!found.has(key)) found.set(key, { key, name, path: `${linkBase(folder)}.${key}`, target });
  }
  const base = { key: "*", name: "*", path: linkBase(folder), target: slotBeside(main, main).combined };
  return [base, ...(bySni.length === 0 ? [] : found.values())];
};

/** Wildcards whose place is another certificate's name: who asks for a name below gets that one. */
export const lostWildcards = (main: ServedCertificate, bySni: readonly ServedCertificate[]): readonly string[] => {
  const links = linksFor("", main, bySni);
  const mine = sniNames(main, bySni);
  return [main, ...bySni].flatMap((certificate) =>
    (mine.get(certificate.name) ?? []).filter((name) => {
      const link = isWildcard(name) ? links.find(({ key }) => key === name.slice(2)) : undefined;
      return link !== undefined && link.target !== slotBeside(certificate, main).combined;
    }),
  );
};

const textOf = (links: readonly NamedLink[]): string =>
  stamped(
    [
      "# Written by mailcert: which certificate for which name (SNI); the links mailcert.pem* are made from it. The next deploy replaces both.",
      ...links.map(({ key, target }) => `${key} ${escapes.courier(target)}`),
      "",
    ].join("\n"),
  );

/** The links that a list stands for, by path. */
const listed = (folder: string, text: string | undefined): ReadonlyMap<string, string> =>
  new Map(
    (text ?? "").split("\n").flatMap((line) => {
      const [key, target] = line.startsWith("#") ? [] : line.split(" ");
      if (!key || !target) return [];
      return [[key === "*" ? linkBase(folder) : `${linkBase(folder)}.${key}`, target] as const];
    }),
  );

/** Links of ours that are there. */
const present = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (path !== linkBase(folder) && !path.startsWith(`${linkBase(folder)}.`)) continue;
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined && isOurs(target)) found.set(path, target);
  }
  return found;
};

const same = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean =>
  a.size === b.size && [...a].every(([path, target]) => b.get(path) === target);

/** What is missing of list and links. `inUse`: a line names the link. */
export const namesChange = async (
  folder: string,
  main: ServedCertificate,
  bySni: readonly ServedCertificate[],
  inUse: boolean,
): Promise<readonly Change[]> => {
  const path = namesFile(folder);
  const before = await readTextIfPresent(path);
  const file = { kind: "file", path, mode, before, shared: true } as const;
  const links = await present(folder);
  if (bySni.length === 0 && !inUse)
    return before === undefined && links.size === 0 ? [] : [{ ...file, content: undefined }];
  const content = textOf(linksFor(folder, main, bySni));
  const settled = before === content && (await modeOf(path)) === mode && same(links, listed(folder, content));
  return settled ? [] : [{ ...file, content }];
};

const point = async (path: string, target: string): Promise<void> => {
  const temporary = temporaryBeside(path);
  try {
    await symlink(target, temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileFailure(error, "make the link", path);
  }
};

/** Makes the links what the list says, each in one rename. @throws Failure `config` where something of somebody else's is in the way. */
export const makeLinks = async (folder: string, text: string | undefined): Promise<void> => {
  const wanted = listed(folder, text);
  const links = await present(folder);
  if (same(wanted, links)) return;
  for (const [path, target] of wanted) {
    if (links.get(path) === target) continue;
    if (!links.has(path) && (await lstat(path).catch(() => undefined)))
      throw new Failure("config", `${path} is in the way: mailcert would put a link there`, {
        hints: [`move it away, then run: mailcert deploy`],
      });
    await point(path, target);
  }
  for (const path of links.keys()) if (!wanted.has(path)) await rm(path, { force: true });
  await syncFolder(folder);
};

/** Where our link leads; the path itself where it is none. */
export const leadsTo = async (folder: string, path: string): Promise<string> =>
  path === linkBase(folder) ? ((await readlink(path).catch(() => undefined)) ?? path) : path;

/** Every file behind our links. */
export const linkedFiles = async (folder: string): Promise<readonly string[]> => [...(await present(folder)).keys()];
