// What a challenge left outside this host, so that a later run can take it away where this one is killed.

export interface JournalEntry {
  readonly type: string;
  readonly what: Readonly<Record<string, string>>;
}

export interface ChallengeJournal {
  /** On disk when it returns: written before anything is published. */
  note(entry: JournalEntry): Promise<void>;
  forget(entry: JournalEntry): Promise<void>;
  /** What earlier runs noted and did not forget. */
  left(type: string): Promise<readonly Readonly<Record<string, string>>[]>;
}
