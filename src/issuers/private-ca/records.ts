// What a private CA has signed and revoked: two files of lines that are only ever added to.
import { join } from "node:path";
import { readCertificate } from "../../domain/certificate.ts";
import { Failure } from "../../domain/failure.ts";
import type { RevocationReason } from "../../domain/revocation.ts";
import { appendLine } from "../../system/create-once.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { Authority, RootSet } from "./authority.ts";

export interface IssuedRecord {
  readonly at: string;
  /** Hex. */
  readonly serial: string;
  readonly sha256: string;
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  /** Subject key identifier of what signed it; absent: an older mailcert wrote it, whose CAs had one root. */
  readonly signer?: string;
  /** A person's certificate; absent: a server's. */
  readonly client?: { readonly login: string };
}

export interface RevokedRecord extends Omit<IssuedRecord, "at"> {
  readonly at: string;
  readonly reason: RevocationReason;
}

/** What identifies a signer in the records. */
export const signerId = ({ signer: { facts } }: Pick<RootSet, "signer">): string =>
  facts.subjectKeyId ?? facts.spkiSha256.slice(0, 40);

/** What was signed, written down before it is handed out, so that it can be revoked. */
export const recordIssued = async (
  authority: Authority,
  leaf: string,
  names: readonly string[],
  now: Date,
  client?: IssuedRecord["client"],
): Promise<void> => {
  const { serial, sha256, notBefore, notAfter } = readCertificate(leaf);
  const entry: IssuedRecord = {
    at: now.toISOString(),
    serial,
    sha256,
    names,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    signer: signerId(authority),
    ...(client ? { client } : {}),
  };
  await appendLine(join(authority.folder, "issued.jsonl"), JSON.stringify(entry));
};

const isRecord = (value: unknown): value is IssuedRecord => {
  if (typeof value !== "object" || value === null) return false;
  const { at, serial, notAfter, names } = value as Readonly<Record<string, unknown>>;
  return (
    [at, notAfter].every((date) => typeof date === "string" && !Number.isNaN(Date.parse(date))) &&
    typeof serial === "string" &&
    /^[0-9a-f]+$/.test(serial) &&
    Array.isArray(names)
  );
};

const parsed = (line: string): IssuedRecord | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Cut short by a power cut. What ends in a brace may be too: a client's record has another in it, and lacks its last one. */
const isTorn = (line: string): boolean => !line.endsWith("}") || parsed(`${line}}`) !== undefined;

const readLines = async <Entry extends IssuedRecord>(path: string): Promise<readonly Entry[]> => {
  const lines = ((await readTextIfPresent(path)) ?? "").split("\n").filter((line) => line !== "");
  return lines.flatMap((line, index) => {
    const value = parsed(line);
    if (value) return [value as Entry];
    // A line that a power cut tore was never acted on; one in the middle of the others may be anything.
    if (index === lines.length - 1 || isTorn(line)) return [];
    throw new Failure("data", `line ${index + 1} of ${path} cannot be read`, {
      hints: ["put the file back from a backup: mailcert ca restore FILE"],
    });
  });
};

export const readIssued = (folder: string): Promise<readonly IssuedRecord[]> => readLines(join(folder, "issued.jsonl"));

export const readRevoked = async (folder: string): Promise<readonly RevokedRecord[]> => [
  // The first word stands: nothing is revoked twice.
  ...new Map(
    (await readLines<RevokedRecord>(join(folder, "revoked.jsonl"))).toReversed().map((one) => [one.serial, one]),
  ).values(),
];

/** How many of what a key has signed are neither ended nor revoked. */
export const countValid = async (authority: Authority, set: RootSet, now: Date): Promise<number> => {
  const revoked = new Set((await readRevoked(authority.folder)).map(({ serial }) => serial));
  const oldest = authority.older.at(-1) ?? authority;
  return (await readIssued(authority.folder)).filter(
    ({ serial, notAfter, signer = signerId(oldest) }) =>
      signer === signerId(set) && !revoked.has(serial) && Date.parse(notAfter) > now.getTime(),
  ).length;
};

export const recordRevoked = (folder: string, entry: RevokedRecord): Promise<void> =>
  appendLine(join(folder, "revoked.jsonl"), JSON.stringify(entry));
