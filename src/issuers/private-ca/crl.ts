// The lists of revoked certificates of a CA: one for each key that has signed leaves, made anew before half of its time is over, and copied to where it is published.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CrlFacts, readCrl } from "../../domain/crl.ts";
import { DerProblem } from "../../domain/der.ts";
import { plainSerial } from "../../domain/serial-number.ts";
import { Failure } from "../../domain/failure.ts";
import { revocationReasons } from "../../domain/revocation.ts";
import { readTextIfPresent, writeFileAtomic } from "../../system/files.ts";
import { makeCrl } from "../../x509/crl.ts";
import { beginningOf } from "../../x509/validity.ts";
import type { RefreshedCrls } from "../private-cas.ts";
import { type Authority, type RootSet, findAuthority } from "./authority.ts";
import { settle } from "./layout.ts";
import { publish } from "./published.ts";
import { type RevokedRecord, countValid, readRevoked, signerId } from "./records.ts";
import { noteLook, writeDue } from "./due.ts";
import { clientEnds, renewTrust, trustFiles, trustIsAsked, trustIsUnread } from "./trust.ts";

const day = 86_400_000;
/** Clients take a list for good until its end. */
const crlDays = 30;

/** A revoked certificate stays listed for this long after its own end (RFC 5280 §3.3: on one list that is made after it). */
const keptMs = 2 * crlDays * day;

export const crlPath = ({ folder, paths }: RootSet): string => paths["crl.pem"] ?? join(folder, "crl.pem");

/** undefined: there is none, or none that can be read; another takes its place. */
export const readCrlAt = async (path: string): Promise<CrlFacts | undefined> => {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return readCrl(text);
  } catch (error) {
    if (error instanceof DerProblem) return undefined;
    throw error;
  }
};

/** When another is to be made. */
export const crlDueAt = ({ thisUpdate, nextUpdate }: Pick<CrlFacts, "thisUpdate" | "nextUpdate">): Date =>
  new Date((thisUpdate.getTime() + nextUpdate.getTime()) / 2);

/** By its date, or made by a clock that was ahead by more than the hour that it stands back: clients take none that begins in the future. */
const isDue = (crl: CrlFacts, now: Date): boolean => crlDueAt(crl) <= now || crl.thisUpdate > now;

/** Higher than before, also where the last list was lost with the disk. */
const nextCrlNumber = (before: CrlFacts | undefined, now: Date): bigint => {
  const seconds = BigInt(Math.floor(now.getTime() / 1000));
  return before !== undefined && before.number >= seconds ? before.number + 1n : seconds;
};

/** What this key has signed and is revoked, until `afterMs` after its end. */
const revokedOf = async (
  authority: Authority,
  set: RootSet,
  now: Date,
  afterMs: number,
): Promise<readonly RevokedRecord[]> => {
  const oldest = authority.older.at(-1) ?? authority;
  return (await readRevoked(authority.folder)).filter(
    ({ signer, notAfter }) =>
      (signer ?? signerId(oldest)) === signerId(set) && Date.parse(notAfter) + afterMs > now.getTime(),
  );
};

const makeOne = async (authority: Authority, set: RootSet, now: Date): Promise<void> => {
  const { certificate, privateKey, facts } = set.signer;
  if (privateKey === undefined || facts.notAfter <= now) return;
  const mine = await revokedOf(authority, set, now, keptMs);
  const path = crlPath(set);
  const pem = makeCrl({
    by: { certificate, privateKey },
    thisUpdate: beginningOf(now),
    nextUpdate: new Date(Math.min(now.getTime() + crlDays * day, facts.notAfter.getTime())),
    number: nextCrlNumber(await readCrlAt(path), now),
    entries: mine.map(({ serial, at, reason }) => ({ serial, at: new Date(at), reason: revocationReasons[reason] })),
  });
  await writeFileAtomic(path, pem, { mode: 0o644 });
};

/** A run was killed between the record and the list, or there was no space for it. */
const lacksRevoked = async (
  authority: Authority,
  set: RootSet,
  now: Date,
  { serials }: Pick<CrlFacts, "serials">,
): Promise<boolean> =>
  (await revokedOf(authority, set, now, 0)).some(({ serial }) => !serials.includes(plainSerial(serial)));

/** Every key that can sign; those whose time has come, or all. Returns how many were made. */
export const makeCrls = async (authority: Authority, now: Date, all: boolean): Promise<number> => {
  const sets = [authority, ...authority.older];
  const asked = sets.some(({ paths }) => paths["crl.pem"] !== undefined);
  // Nobody has asked for a list of this CA yet, nor revoked anything.
  if (!all && !asked && (await readRevoked(authority.folder)).length === 0) return 0;
  let made = 0;
  for (const set of sets) {
    if (set.signer.privateKey === undefined || set.signer.facts.notAfter <= now) continue;
    const before = await readCrlAt(crlPath(set));
    if (!all && before && !isDue(before, now) && !(await lacksRevoked(authority, set, now, before))) continue;
    await makeOne(authority, set, now);
    made += 1;
  }
  return made;
};

/** One that cannot be read just now is looked at again after this. */
const unreadableMs = 3_600_000;

/** With nothing else to look for: within what a run takes for a date of a clock that was right. */
const latestMs = 15 * day;

/**
 * Notes when a run has to look again, of all CAs beside this one, and which files have to be there: a run with nothing to do reads that alone.
 * @param unwanted a CA whose files were taken away, and nobody wants them back
 */
export const noteDue = async (cas: string, now: Date, unwanted?: string): Promise<void> => {
  const entries = await readdir(cas, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const dates: number[] = [];
  for (const name of names.filter((one) => !one.startsWith("."))) {
    const later = (error: unknown): undefined => {
      if (!(error instanceof Failure)) throw error;
      dates.push(now.getTime() + unreadableMs);
    };
    const authority = await findAuthority(join(cas, name)).catch(later);
    if (authority) dates.push(...((await clientEnds(authority.folder, now).catch(later)) ?? []));
    for (const set of authority ? [authority, ...authority.older] : []) {
      const crl = await readCrlAt(crlPath(set));
      const { privateKey, facts } = set.signer;
      if (!crl || facts.notAfter <= crl.nextUpdate) continue;
      const due = crlDueAt(crl).getTime();
      if (privateKey !== undefined) dates.push(due);
      // Whose key is gone has made its last list: once a day a run says so, for as long as somebody may ask for one.
      else if (authority && (await countValid(authority, set, now)) > 0)
        dates.push(due > now.getTime() ? due : now.getTime() + day);
    }
  }
  if (await trustIsUnread(cas, names)) dates.push(now.getTime());
  const files: string[] = [];
  for (const name of names) {
    const asked = await trustIsAsked(join(cas, name));
    if (asked === "there" || (asked === "gone" && name !== unwanted)) files.push(...trustFiles(cas, name));
  }
  if (dates.length === 0 && files.length > 0) dates.push(now.getTime() + latestMs);
  await writeDue(cas, dates.length === 0 ? undefined : new Date(Math.min(...dates)), files);
};

/** All that follows from a change of what is revoked, or from time going by. A copy that could not be written is tried again by each run. */
export const refreshCrls = async (folder: string, now: Date, uid: number, all: boolean): Promise<RefreshedCrls> => {
  const finished = await settle(folder);
  const ended = finished === undefined ? {} : { finished };
  const authority = await findAuthority(folder);
  if (!authority) {
    await noteDue(dirname(folder), now);
    return { ...ended, made: 0, unpublished: [], forgotten: [] };
  }
  const made = await makeCrls(authority, now, all);
  const again = (await findAuthority(folder)) ?? authority;
  const copies = await publish(again, uid);
  await renewTrust(folder, now);
  await noteDue(dirname(folder), now);
  if (copies.unpublished.length > 0) await noteLook(dirname(folder), now);
  return { ...ended, made, ...copies };
};
