// The seam of notifications: a way by which people, or what watches for them, hear of a run.
import type { News } from "../domain/news.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import type { RunProgram } from "../system/run.ts";

/** One certificate as monitoring wants it. */
export interface CertificateFacts {
  readonly name: string;
  /** ISO date: the end of what is live; absent: nothing is. */
  readonly notAfter?: string;
  readonly stage: "none" | "staged" | "switched" | "reloaded" | "verified";
  /** What is not as it should be. */
  readonly faults: number;
  readonly warnings: number;
}

/** A run as channels hear of it. Texts are clean already; it holds no key and no secret. */
export interface Report {
  readonly host: string;
  /** Names the run in events.jsonl. */
  readonly run: string;
  readonly at: Date;
  /** `waiting`: nothing is wrong, a later run goes on. */
  readonly outcome: "done" | "waiting" | "fault";
  /** ISO date of the end of the last run: this one, or where this one could not begin the one before; absent: there was none. */
  readonly lastRun?: string;
  /** ISO date of the last run without a fault, this one included. */
  readonly lastSuccess?: string;
  /** Empty for channels that hear of runs, where there is none. */
  readonly news: readonly News[];
  /** Faults and warnings that are open now, in all. */
  readonly open: { readonly faults: number; readonly warnings: number };
  /** Sent on a person's word (`notify test`): there is no run and no news. */
  readonly test?: boolean;
  readonly certificates: readonly CertificateFacts[];
}

/**
 * - `send` MUST end within the deadline of its channel, whatever the other end does, and MUST follow no redirect.
 * - It MUST throw a Failure that says which channel and where, without the secret parts of a URL or a header.
 * - It MUST NOT let a text of the report become anything but text: no header, no label, no further line of a protocol.
 * - It MAY be repeated: a run that was killed before it wrote down what it told tells it again, once.
 */
export interface Channel {
  /** Of news alone, or of every run. */
  readonly hears: "news" | "runs";
  /** Where it goes, for people: never a secret. */
  readonly target: string;
  send(report: Report, signal: AbortSignal): Promise<void>;
  /** Whether this host has what it takes: sends nothing, connects to nobody, changes nothing. @throws Failure as `send` would. */
  check?(): Promise<void>;
}

export interface ChannelDeps {
  readonly run: RunProgram;
  /** Hexadecimal text for a Message-ID. */
  readonly randomId: () => string;
  readonly userAgent: string;
  /** Root's own program; tests have another one. */
  readonly sendmail?: string;
}

export type ChannelFactory = (settings: NotifySettings, deps: ChannelDeps) => Channel;
