// Where the files of a private CA lie: the present ones at the top of its folder, those of earlier roots in older/NNNN. A rotation that was cut short is read as done, and finished by the next run.
import { mkdir, readFile, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { fileFailure, syncFolder } from "../../system/files.ts";
import type { Finished } from "../private-cas.ts";

/** Files that belong to one root. */
const setFiles = [
  "root-key.pem",
  "root.pem",
  "cross.pem",
  "issuing-key.pem",
  "issuing.pem",
  "crl.pem",
  "root-crl.pem",
] as const;

export type SetFile = (typeof setFiles)[number];

export interface CaSet {
  /** Where its files are, or will be once an unfinished rotation is finished. */
  readonly folder: string;
  /** Where each lies now; absent: there is none. */
  readonly paths: Partial<Readonly<Record<SetFile, string>>>;
}

export interface CaLayout {
  readonly current: CaSet;
  /** Newest first. */
  readonly older: readonly CaSet[];
  /** A rotation that a killed run left, and how far it got. */
  readonly unfinished?: { readonly phase: "rotation" | "arrival"; readonly folder: string; readonly number: string };
  /** A restoration was killed before the CA left its place: nothing of it is the CA's. */
  readonly halfRestored?: true;
  /** Everything at the top. */
  readonly names: readonly string[];
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileFailure(error, "read", folder);
  }
};

const pathsIn = async (folder: string): Promise<CaSet["paths"]> => {
  const names = await namesIn(folder);
  return Object.fromEntries(setFiles.filter((name) => names.includes(name)).map((name) => [name, join(folder, name)]));
};

/** A restored CA waits beside the place of the one that it replaces (backup.ts); it is the CA once that has left. */
export const waitingFolder = (folder: string): string =>
  join(dirname(folder), `.restored-${folder.slice(dirname(folder).length + 1)}`);

export const readLayout = async (at: string): Promise<CaLayout> => {
  let folder = at;
  let names = await namesIn(folder);
  const waiting = await namesIn(waitingFolder(at));
  const halfRestored = names.length > 0 && waiting.length > 0;
  if (names.length === 0 && waiting.length > 0) [folder, names] = [waitingFolder(at), waiting];
  const top = await pathsIn(folder);
  const numbers = (await namesIn(join(folder, "older"))).filter((name) => /^\d{4}$/.test(name));
  const marked = names.map((name) => /^(rotation|arrival)-(\d{4})$/.exec(name)).find((match) => match !== null);
  const phase = marked?.[1] === "rotation" ? "rotation" : "arrival";
  const number = marked?.[2];
  const incoming = marked ? await pathsIn(join(folder, marked[0])) : {};
  const older = new Map<string, CaSet>();
  for (const one of numbers)
    older.set(one, { folder: join(folder, "older", one), paths: await pathsIn(join(folder, "older", one)) });
  if (number !== undefined && phase === "rotation") {
    const moved = older.get(number)?.paths ?? {};
    older.set(number, { folder: join(folder, "older", number), paths: { ...top, ...moved } });
  }
  const current = number === undefined ? top : phase === "rotation" ? incoming : { ...top, ...incoming };
  return {
    current: { folder, paths: current },
    older: [...older].toSorted(([a], [b]) => (a < b ? 1 : -1)).map(([, set]) => set),
    ...(number === undefined ? {} : { unfinished: { phase, folder: join(folder, `${phase}-${number}`), number } }),
    ...(halfRestored ? { halfRestored } : {}),
    names,
  };
};

/** The key of an earlier root is never written over. @throws Failure `cannot-create`. */
const refuseOther = async (from: string, to: string): Promise<void> => {
  if ((await readFile(from)).equals(await readFile(to))) return;
  throw new Failure("cannot-create", `${to} is there already and is not ${from}: neither was moved`, {
    hints: [`keep both: move ${dirname(to)} to a place of its own, and run the command again`],
  });
};

const moveAll = async (from: string, to: string): Promise<void> => {
  const names = Object.keys(await pathsIn(from));
  const there = await pathsIn(to);
  for (const name of names.filter((one) => one in there)) await refuseOther(join(from, name), join(to, name));
  for (const name of names) await rename(join(from, name), join(to, name));
  await syncFolder(to);
  await syncFolder(from);
};

/**
 * Finishes what a killed run has begun. The rename of a whole folder to `rotation-NNNN` decides that the new root is the CA's; from then on every
 * step may be repeated: the old files leave the top, the folder becomes `arrival-NNNN`, its files come to the top. The caller holds the lock.
 */
export const settle = async (folder: string): Promise<Finished | undefined> => {
  let finished: Finished | undefined;
  try {
    const waiting = waitingFolder(folder);
    if ((await namesIn(waiting)).length > 0) {
      // What is in it lies in the backup; left there, it would become the CA once this one is moved away.
      finished = (await namesIn(folder)).length > 0 ? "cleared" : "restoration";
      if (finished === "cleared") await rm(waiting, { recursive: true, force: true });
      else await rename(waiting, folder);
      await syncFolder(dirname(folder));
    }
    let { unfinished } = await readLayout(folder);
    if (unfinished) finished = "rotation";
    if (unfinished?.phase === "rotation") {
      const { number } = unfinished;
      const older = join(folder, "older", number);
      await mkdir(older, { recursive: true, mode: 0o700 });
      await moveAll(folder, older);
      await syncFolder(dirname(older));
      await rename(unfinished.folder, join(folder, `arrival-${number}`));
      await syncFolder(folder);
      ({ unfinished } = await readLayout(folder));
    }
    if (unfinished?.phase === "arrival") {
      await moveAll(unfinished.folder, folder);
      await rmdir(unfinished.folder);
      await syncFolder(folder);
    }
    return finished;
  } catch (error) {
    throw fileFailure(error, "write", folder);
  }
};

/** The number that the present root gets when another takes its place. */
export const nextNumber = ({ older }: CaLayout): string =>
  String(Math.max(0, ...older.map(({ folder }) => Number(basename(folder)))) + 1).padStart(4, "0");
