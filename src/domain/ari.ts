// ACME Renewal Information (RFC 9773) as values: the CA's window, the instant chosen in it, and when to ask again.
import type { Slot } from "./keys.ts";

/** When the CA would like a certificate to be renewed; ISO dates, `start` before `end`. */
export interface RenewalWindow {
  readonly start: string;
  readonly end: string;
}

/** What is kept of the CA's advice about one leaf. */
export interface AdvisedWindow extends RenewalWindow {
  /** ISO date inside the window, kept while the window stands. */
  readonly chosen: string;
  /** A page for people that says why the window is where it is. */
  readonly explanationUrl?: string;
}

/** The advice about one generation, as state.json keeps it. */
export interface RenewalAdvice {
  /** About another generation it says nothing. */
  readonly generation: number;
  /** ISO date before which the CA is not asked again. */
  readonly nextPoll: string;
  readonly windows: Readonly<Partial<Record<Slot, AdvisedWindow>>>;
}

/**
 * What came of asking. `later`: the CA could not be asked now, what it said before still holds (a temporary error of RFC 9773 §4.3.3).
 * `none`: it has no advice that can be used; our own rule decides.
 */
export type RenewalInfo =
  | {
      readonly kind: "window";
      readonly window: RenewalWindow;
      readonly explanationUrl?: string;
      readonly retryAfter?: Date;
    }
  | { readonly kind: "none" | "later"; readonly why: string; readonly retryAfter?: Date };

const minute = 60_000;
const hour = 60 * minute;

/** RFC 9773 §4.3.2: six hours where the CA says nothing. Never sooner than a minute, never later than a day. */
const usualWait = 6 * hour;
const shortestWait = minute;
const longestWait = 24 * hour;

/** After a temporary error: the next hourly run may ask again. */
const stumbleWait = 50 * minute;

// RFC 3339; Date.parse alone takes much that is no timestamp.
const timestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:Z|[+-]\d{2}:\d{2})$/i;

const instant = (value: unknown): number =>
  typeof value === "string" && timestamp.test(value) ? Date.parse(value) : Number.NaN;

/** A suggestedWindow (RFC 9773 §4.2), or why it is ignored. */
export const readWindow = (value: unknown): RenewalWindow | { readonly why: string } => {
  if (typeof value !== "object" || value === null) return { why: "there is no suggestedWindow" };
  const { start, end } = value as { readonly start?: unknown; readonly end?: unknown };
  const [from, to] = [instant(start), instant(end)];
  if (Number.isNaN(from) || Number.isNaN(to)) return { why: "its suggestedWindow has no two RFC 3339 dates" };
  if (to <= from) return { why: "its suggestedWindow ends before it begins" };
  return { start: new Date(from).toISOString(), end: new Date(to).toISOString() };
};

/** Uniformly inside the window. `random`: at least 0, less than 1. */
export const chooseInstant = ({ start, end }: RenewalWindow, random: number): string => {
  const from = Date.parse(start);
  return new Date(from + Math.floor(random * (Date.parse(end) - from))).toISOString();
};

/** When to ask again. */
export const nextPollAt = (info: RenewalInfo, now: Date): Date => {
  const asked = info.retryAfter === undefined ? undefined : info.retryAfter.getTime() - now.getTime();
  const wait = asked ?? (info.kind === "later" ? stumbleWait : usualWait);
  return new Date(now.getTime() + Math.min(Math.max(wait, shortestWait), longestWait));
};

const advised = (
  before: AdvisedWindow | undefined,
  info: RenewalInfo,
  random: () => number,
): AdvisedWindow | undefined => {
  if (info.kind !== "window") return info.kind === "later" ? before : undefined;
  const { window, explanationUrl } = info;
  const stands = before?.start === window.start && before.end === window.end;
  return {
    ...window,
    chosen: stands ? before.chosen : chooseInstant(window, random()),
    ...(explanationUrl === undefined ? {} : { explanationUrl }),
  };
};

/** The advice after the CA was asked about each leaf of `generation`. `random`: at least 0, less than 1. */
export const withAnswers = (
  before: RenewalAdvice | undefined,
  generation: number,
  answers: Readonly<Partial<Record<Slot, RenewalInfo>>>,
  now: Date,
  random: () => number,
): RenewalAdvice => {
  const known = before?.generation === generation ? before.windows : {};
  const windows: Partial<Record<Slot, AdvisedWindow>> = {};
  let nextPoll = now.getTime() + longestWait;
  for (const [slot, info] of Object.entries(answers) as [Slot, RenewalInfo][]) {
    const window = advised(known[slot], info, random);
    if (window !== undefined) windows[slot] = window;
    nextPoll = Math.min(nextPoll, nextPollAt(info, now).getTime());
  }
  return { generation, nextPoll: new Date(nextPoll).toISOString(), windows };
};

/** Is the CA to be asked? A date further off than is ever written was written by a clock that ran ahead. */
export const pollIsDue = (advice: RenewalAdvice | undefined, generation: number, now: Date): boolean => {
  if (advice?.generation !== generation) return true;
  const wait = Date.parse(advice.nextPoll) - now.getTime();
  return !(wait > 0 && wait <= longestWait);
};

/** Is it the time that the CA gave for this slot's leaf? Only then does Boulder exempt a renewal from its rate limits. */
export const isAdvisedNow = (advice: RenewalAdvice | undefined, generation: number, slot: Slot, now: Date): boolean => {
  const window = advice?.generation === generation ? advice.windows[slot] : undefined;
  return window !== undefined && Date.parse(window.start) <= now.getTime() && now.getTime() < Date.parse(window.end);
};

/** Several slots are renewed as one: the earliest instant leads. */
export const adviceFor = (advice: RenewalAdvice | undefined, generation: number): AdvisedWindow | undefined =>
  advice?.generation === generation
    ? Object.values(advice.windows).reduce<AdvisedWindow | undefined>(
        (first, one) => (first === undefined || one.chosen < first.chosen ? one : first),
        undefined,
      )
    : undefined;
