// Records that a run published and did not live to take away: noted before they are published, swept before the next record is published.
import type { TxtRecord } from "../dns/updaters/updater.ts";
import { Failure } from "../domain/failure.ts";
import type { ChallengeDeps } from "./challenge.ts";
import type { ChallengeJournal, JournalEntry } from "./journal.ts";

export interface Remains {
  /** The updater's name. */
  readonly dns: string;
  readonly record: TxtRecord;
  /** ISO date; absent in what was noted before dates were kept. */
  readonly noted?: string;
  /** The provider said no to it: most likely nothing was published, and nobody is told that something was. */
  readonly refused?: boolean;
}

const sweepMs = 60_000;
/** A provider may refuse for a day, or for weeks; a value proves nothing without the account's key, so that one may be left at last. */
const keptMs = 30 * 86_400_000;

interface Now {
  /** What this process has published and still needs. */
  readonly live: Set<string>;
  /** One sweep after the other. */
  sweeping: Promise<void>;
}

/** A process may issue several certificates, and run for weeks (`renew --every`): what one challenge needs, no other sweeps away. */
const states = new WeakMap<ChallengeJournal, Now>();

const read = (what: Readonly<Record<string, string>>): Remains | undefined => {
  const { dns, name, zone, value, noted, refused } = what;
  return dns === undefined || name === undefined || zone === undefined || value === undefined
    ? undefined
    : {
        dns,
        record: { name, zone, value },
        ...(noted === undefined ? {} : { noted }),
        ...(refused === undefined ? {} : { refused: true }),
      };
};

export const createRemains = (
  type: string,
  deps: Pick<ChallengeDeps, "journal" | "updater" | "step" | "note" | "now">,
) => {
  const { journal } = deps;
  const entry = ({ dns, record: { name, zone, value }, noted, refused }: Remains): JournalEntry => ({
    type,
    what: {
      dns,
      name,
      zone,
      value,
      ...(noted === undefined ? {} : { noted }),
      ...(refused === true ? { refused: "yes" } : {}),
    },
  });

  const giveUp = async (left: Remains, why: string): Promise<void> => {
    const { dns, record } = left;
    if (left.refused !== true)
      deps.note(
        `${record.name}: take away the TXT record "${record.value}", which an earlier run published through ${dns}: ${why}`,
      );
    await journal.forget(entry(left));
  };

  const takeAway = async (left: Remains): Promise<void> => {
    const { dns, record } = left;
    try {
      await (await deps.updater(dns)).remove(record, AbortSignal.timeout(sweepMs));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (left.refused !== true) deps.step(`${record.name}: what an earlier run published stays for now: ${why}`);
      // Nobody can take it away any more through settings that are gone. Any other refusal may be over tomorrow.
      if (error instanceof Failure && error.facts?.["code"] === "NO_UPDATER") return giveUp(left, why);
      const age = deps.now().getTime() - Date.parse(left.noted ?? "");
      if (age > keptMs)
        return giveUp(left, `it could not be taken away for ${Math.floor(age / 86_400_000)} days: ${why}`);
      if (age >= 0) return;
      // Noted by a clock that ran ahead, or before dates were kept: its time begins now.
      await journal.note(entry({ ...left, noted: deps.now().toISOString() }));
      return journal.forget(entry(left));
    }
    if (left.refused !== true) deps.step(`${record.name}: what an earlier run published is taken away`);
    await journal.forget(entry(left));
  };

  const state = states.get(journal) ?? { live: new Set<string>(), sweeping: Promise.resolve() };
  states.set(journal, state);
  const keyOf = ({ dns, record }: Remains): string => JSON.stringify([dns, record.name, record.zone, record.value]);

  const sweepNow = async (): Promise<void> => {
    for (const what of await journal.left(type)) {
      const left = read(what);
      if (left && !state.live.has(keyOf(left))) await takeAway(left);
    }
  };

  return {
    note: async (left: Remains): Promise<void> => {
      state.live.add(keyOf(left));
      await journal.note(entry(left));
    },
    /** The provider did not publish it, or so it said. @returns what is noted now. */
    refused: async (left: Remains): Promise<Remains> => {
      const refused = { ...left, refused: true };
      await journal.note(entry(refused));
      await journal.forget(entry(left));
      return refused;
    },
    /** It is gone. */
    forget: (left: Remains): Promise<void> => journal.forget(entry(left)),
    /** Nobody here needs it any more, whether it is gone or not. */
    release: (left: Remains): void => void state.live.delete(keyOf(left)),
    sweep: (): Promise<void> => {
      const swept = state.sweeping.then(sweepNow);
      state.sweeping = swept.catch(() => undefined);
      return swept;
    },
  };
};
