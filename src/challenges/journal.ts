// What challenges left outside this run (records, files): on disk before it is published, so that the next run takes away what a killed one could not.
import { join } from "node:path";
import { ensureFolder, readTextIfPresent, writeFileAtomic } from "../system/files.ts";

export interface JournalEntry {
  readonly type: string;
  readonly what: Readonly<Record<string, string>>;
}

export interface ChallengeJournal {
  /** On disk when it returns. */
  note(entry: JournalEntry): Promise<void>;
  forget(entry: JournalEntry): Promise<void>;
  left(type: string): Promise<readonly Readonly<Record<string, string>>[]>;
}

const isEntry = (value: unknown): value is JournalEntry => {
  const { type, what } = (value ?? {}) as { readonly type?: unknown; readonly what?: unknown };
  return typeof type === "string" && typeof what === "object" && what !== null;
};

const read = async (path: string): Promise<readonly JournalEntry[]> => {
  try {
    const data: unknown = JSON.parse((await readTextIfPresent(path)) ?? "[]");
    return Array.isArray(data) ? data.filter(isEntry) : [];
  } catch (error) {
    // Edited by hand, perhaps: what cannot be read cannot be taken away.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
};

const keyOf = ({ type, what }: JournalEntry): string =>
  JSON.stringify([type, Object.entries(what).toSorted(([left], [right]) => (left < right ? -1 : 1))]);

/** Kept in `<state>/challenges.json`, root only. */
export const createChallengeJournal = (stateDir: string): ChallengeJournal => {
  const path = join(stateDir, "challenges.json");
  let last: Promise<unknown> = Promise.resolve();
  /** One change after the other: each reads what the one before wrote. */
  const change = (edit: (entries: readonly JournalEntry[]) => readonly JournalEntry[]): Promise<void> => {
    const made = last.then(async () => {
      const before = await read(path);
      const after = edit(before);
      if (after === before) return;
      await ensureFolder(stateDir, 0o755);
      await writeFileAtomic(path, `${JSON.stringify(after, undefined, 1)}\n`, { mode: 0o600 });
    });
    last = made.catch(() => undefined);
    return made;
  };
  return {
    note: (entry) =>
      change((entries) => (entries.some((one) => keyOf(one) === keyOf(entry)) ? entries : [...entries, entry])),
    forget: (entry) =>
      change((entries) => {
        const kept = entries.filter((one) => keyOf(one) !== keyOf(entry));
        return kept.length === entries.length ? entries : kept;
      }),
    left: async (type) => (await read(path)).filter((entry) => entry.type === type).map(({ what }) => what),
  };
};
