// What a server goes back to when our settings are taken out: the certificates that its own settings name, looked at before anything is changed.
import { Failure } from "../domain/failure.ts";
import { type FormerFile, type FormerSetting, formerTroubles } from "../domain/former-certificate.ts";
import { readPlainFile } from "../system/plain-file.ts";
import type { NamedFile } from "./named-file.ts";
import type { Change, Installation } from "./server.ts";

export interface Former {
  /** Whether its own settings name a certificate at all. */
  readonly any: boolean;
  /** Why TLS would not work with them: files that are not there, a key of another certificate. Sentences that hold nothing of a key. */
  readonly troubles: readonly string[];
}

/** The part of `Server` that a removal asks beside `revert`. */
export interface GivesBack {
  /** What it would serve by its own settings once these changes (newest first) are taken back. MUST NOT change anything. Absent: nobody can tell. */
  former?(installation: Installation, changes: readonly Change[]): Promise<Former>;
  /** Settings in force, whoever wrote them, that name a file below a folder. Absent: nobody can tell. */
  naming?(installation: Installation, folder: string): Promise<readonly NamedFile[]>;
}

const largest = 1 << 20;

const fileAt = async (path: string): Promise<FormerFile> => {
  try {
    const { content } = await readPlainFile(path, { mostBytes: largest, what: "a certificate or key" });
    return { text: content.toString("latin1") };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return ["ENOENT", "ENOTDIR"].includes(String(error.facts?.["code"])) ? "missing" : "unknown";
  }
};

/** Each of `certificates`: settings that count together. */
export const lookAtFormer = async (certificates: readonly (readonly FormerSetting[])[]): Promise<Former> => {
  const named = certificates.filter((settings) => settings.length > 0);
  const files = new Map<string, FormerFile>();
  for (const { file } of named.flat()) if (!files.has(file)) files.set(file, await fileAt(file));
  const look = (file: string): FormerFile => files.get(file) ?? "unknown";
  return {
    any: named.length > 0,
    troubles: [...new Set(named.flatMap((settings) => formerTroubles(settings, look)))],
  };
};
