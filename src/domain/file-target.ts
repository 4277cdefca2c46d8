// Copies of a certificate's files for programs that mailcert has no adapter for: which, where, whose, and what makes the program read them.
import type { EntryPoint } from "./entry-point.ts";
import { sha256Hex } from "./fingerprint.ts";
import type { Slot } from "./keys.ts";

/** The files of a slot, those that hold the key first: the order in which copies take their places. */
export const fileKinds = ["privkey", "combined", "fullchain", "cert", "chain"] as const;
export type FileKind = (typeof fileKinds)[number];

export const holdsKey = (kind: FileKind): boolean => kind === "privkey" || kind === "combined";

export const presetNames = ["docker-mailserver", "mailcow"] as const;
export type PresetName = (typeof presetNames)[number];

/** Where the images look, below the folder that is given: of docker-mailserver the one mounted for SSL_TYPE=manual, of mailcow its checkout. */
export const presetPaths = (preset: PresetName, folder: string): FileTarget["paths"] => {
  const base = folder.replace(/\/+$/, "");
  return preset === "mailcow"
    ? { fullchain: `${base}/data/assets/ssl/cert.pem`, privkey: `${base}/data/assets/ssl/key.pem` }
    : { fullchain: `${base}/public.crt`, privkey: `${base}/private.key` };
};

export interface FileTarget {
  /** Its own name: `roundcube`. */
  readonly name: string;
  /** Absolute paths; at least one. */
  readonly paths: Readonly<Partial<Record<FileKind, string>>>;
  /** undefined: ECDSA where the certificate has it. */
  readonly slot?: Slot;
  /** Names or numbers; undefined: root. */
  readonly owner?: string;
  readonly group?: string;
  /** Of the files that hold the key; never any bit for others. */
  readonly keyMode: number;
  /** Program and arguments, run without a shell. */
  readonly reload?: readonly string[];
  /** Where the program serves the certificate. */
  readonly entries: readonly Pick<EntryPoint, "protocol" | "mode" | "port" | "host">[];
  /** As the configuration spells it. */
  readonly raw: Readonly<Record<string, string | readonly string[]>>;
}

/** SHA-256 of everything that an entry says, hex: another one is to be deployed anew. */
export const targetMark = ({ paths, slot, owner, group, keyMode, reload, entries }: FileTarget): string => {
  const places = fileKinds.map((kind) => paths[kind]);
  return sha256Hex(Buffer.from(JSON.stringify([places, slot, owner, group, keyMode, reload, entries])));
};

/** The registry's name for them. */
export const copies = "files";

/** The id of an installation: targets of two certificates may have one name. */
export const copiesId = (certificate: string, target: string): string => `${copies}/${certificate}/${target}`;
