// Records that a run published and did not live to take away: noted before they are published, swept by the next run that publishes.
import type { TxtRecord } from "../dns/updaters/updater.ts";
import { Failure } from "../domain/failure.ts";
import type { ChallengeDeps } from "./challenge.ts";
import type { ChallengeJournal, JournalEntry } from "./journal.ts";

export interface Remains {
  /** The updater's name. */
  readonly dns: string;
  readonly record: TxtRecord;
}

const sweepMs = 60_000;

/** One sweep a run, before its first record: what later challenges of the same run note is not an earlier run's. */
const swept = new WeakMap<ChallengeJournal, Promise<void>>();

const read = (what: Readonly<Record<string, string>>): Remains | undefined => {
  const { dns, name, zone, value } = what;
  return dns === undefined || name === undefined || zone === undefined || value === undefined
    ? undefined
    : { dns, record: { name, zone, value } };
};

export const createRemains = (type: string, deps: Pick<ChallengeDeps, "journal" | "updater" | "step">) => {
  const { journal } = deps;
  const entry = ({ dns, record: { name, zone, value } }: Remains): JournalEntry => ({
    type,
    what: { dns, name, zone, value },
  });

  const takeAway = async (left: Remains): Promise<void> => {
    const { dns, record } = left;
    try {
      await (await deps.updater(dns)).remove(record, AbortSignal.timeout(sweepMs));
      deps.step(`${record.name}: what an earlier run published is taken away`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const gone = error instanceof Failure && error.kind === "config";
      deps.step(
        gone
          ? `${record.name}: an earlier run published TXT "${record.value}" through ${dns}; take it away by hand: ${why}`
          : `${record.name}: what an earlier run published stays for now: ${why}`,
      );
      // Nobody can take it away any more through settings that are gone; it proves nothing without the account's key.
      if (!gone) return;
    }
    await journal.forget(entry(left));
  };

  const sweepNow = async (): Promise<void> => {
    for (const what of await journal.left(type)) {
      const left = read(what);
      if (left) await takeAway(left);
    }
  };

  return {
    note: (left: Remains): Promise<void> => journal.note(entry(left)),
    forget: (left: Remains): Promise<void> => journal.forget(entry(left)),
    sweep: (): Promise<void> => {
      const begun = swept.get(journal) ?? sweepNow();
      swept.set(journal, begun);
      return begun;
    },
  };
};
