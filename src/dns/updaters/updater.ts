// The seam for DNS updaters: publish one TXT value in a zone, take it away again. What dns-01 needs, and nothing else.
import type { RunProgram } from "../../system/run.ts";

export interface TxtRecord {
  /** Where the value stands, after every CNAME was followed: A-labels in lower case, no dot at the end. */
  readonly name: string;
  /** One character-string of at most 255 octets. */
  readonly value: string;
  /** The apex of the zone that holds `name`, as its authoritative servers say (SOA). */
  readonly zone: string;
}

/**
 * - `add` and `remove` MUST be idempotent: added twice it stands once, removed twice it is gone; both end well.
 * - They MUST leave every other value at that name, and every other record, as it is: two names may be validated at once.
 * - They MUST return once the provider took the change; whether the authoritative servers show it is asked elsewhere.
 * - Every exchange has one deadline and a byte limit; a "later" is Failure `try-later` with `facts.retryAt`.
 * - MUST NOT show a secret of its settings in a failure.
 * - `check` rejects with what `add` would reject with, as far as that can be found out without a change in the zone and without running
 *   anything of the admin's; it MUST change nothing. `record.value` stands nowhere. Absent: nothing can be found out so.
 */
export interface DnsUpdater {
  add(record: TxtRecord, signal: AbortSignal): Promise<void>;
  remove(record: TxtRecord, signal: AbortSignal): Promise<void>;
  readonly check?: (record: TxtRecord, signal: AbortSignal) => Promise<void>;
}

/** What a provider's settings file says, by key, without `provider`. */
export type UpdaterSettings = Readonly<Record<string, string>>;

export interface UpdaterDeps {
  readonly run: RunProgram;
  readonly now: () => Date;
  /** Rejects when the signal fires. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** `mailcert/0.1.0` */
  readonly userAgent: string;
  /** A fresh number from 0 to 65535, not to be guessed. */
  readonly randomId: () => number;
  /** Milliseconds for one exchange; default 30 s. */
  readonly timeoutMs?: number;
}

/** One key of a provider's settings file. */
export interface UpdaterSetting {
  readonly summary: string;
  readonly required: boolean;
  readonly secret: boolean;
}

/** @throws Failure `config` for settings that cannot be right, naming the key and never its value where that is a secret. */
export type UpdaterFactory = (settings: UpdaterSettings, deps: UpdaterDeps) => DnsUpdater;

/** One line of the registry in `index.ts`. */
export interface UpdaterEntry {
  /** One line for help and docs. */
  readonly summary: string;
  readonly settings: Readonly<Record<string, UpdaterSetting>>;
  load(): Promise<UpdaterFactory>;
}
