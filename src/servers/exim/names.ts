// Exim's certificates by name: a map of ours that tls_certificate and tls_privatekey look the client's name up in, anew for each connection.
import { join } from "node:path";
import { sniNames } from "../../domain/sni-names.ts";
import { stamped } from "../../domain/stamp.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { modeOf } from "../edits.ts";
import type { Change, ServedCertificate } from "../server.ts";

/** Exim's user reads it; only paths stand in it. */
const mode = 0o644;

export const mapFile = (configDir: string): string => join(configDir, "mailcert.sni");

/** What the client asked for is tainted: as the key of a look-up it may be used, and what the map says is not (Exim's specification, 9.1 and 43.9). */
export const lookUp = (map: string, otherwise: string): string =>
  `\${lookup{\${lc:$tls_in_sni}}nwildlsearch{${map}}{$value}{${otherwise}}}`;

/** A wildcard stands for one label (RFC 9525 §6.3); a key that begins with `^` is a regular expression. */
const keyOf = (name: string): string =>
  name.startsWith("*.") ? `^[^.]+\\.${name.slice(2).replaceAll(".", "\\.")}$` : name;

export interface NamedList {
  readonly name: string;
  readonly key: string;
  readonly files: string;
}

/** Names before wildcards: the first line that matches is taken. `listOf`: the files of a certificate, as Exim lists them. */
export const mapEntries = (
  main: ServedCertificate,
  bySni: readonly ServedCertificate[],
  listOf: (certificate: ServedCertificate) => string,
): readonly NamedList[] => {
  if (bySni.length === 0) return [];
  const mine = sniNames(main, bySni);
  const all = [main, ...bySni].flatMap((certificate) =>
    (mine.get(certificate.name) ?? []).map((name) => ({ name, key: keyOf(name), files: listOf(certificate) })),
  );
  return [...all.filter(({ key }) => !key.startsWith("^")), ...all.filter(({ key }) => key.startsWith("^"))];
};

/** What is missing of the map; empty where no other is served by name and nobody looks there any more. */
export const mapChanges = async (
  configDir: string,
  entries: readonly NamedList[],
  inUse: boolean,
): Promise<readonly Change[]> => {
  const path = mapFile(configDir);
  const before = await readTextIfPresent(path);
  const file = { kind: "file", path, mode, before, shared: true } as const;
  if (entries.length === 0 && !inUse) return before === undefined ? [] : [{ ...file, content: undefined }];
  const lines = entries.map(({ key, files }) => `${key}: ${files}`);
  const head = "# Written by mailcert: which certificate for which name (SNI). The next deploy replaces this file.";
  const content = stamped([head, ...lines, ""].join("\n"));
  return before === content && (await modeOf(path)) === mode ? [] : [{ ...file, content }];
};
