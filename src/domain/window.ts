// Maintenance windows: hours of the local clock, on some days of the week, in which a renewal may be switched to. Wall time is turned
// into instants here, so that a window that the change to summer time takes away is shifted, and none is ever lost.
import { localDay, instantOf, weekdayOf } from "./wall-clock.ts";

export const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

export interface Window {
  /** As the configuration has it. */
  readonly text: string;
  /** 0 is Sunday; of its beginning. Empty: every day. */
  readonly days: readonly number[];
  /** Minutes since midnight. An end that is not after the start is on the next day. */
  readonly start: number;
  readonly end: number;
  /** IANA name; absent: the host's. */
  readonly zone?: string;
}

/** One opening of a window. */
export interface Opening {
  readonly start: Date;
  readonly end: Date;
  readonly zone: string;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** How long it is by the clock on the wall, in minutes. */
export const windowMinutes = ({ start, end }: Window): number => (end > start ? end - start : end + 1440 - start);

/** The opening that begins on this day of the local calendar. */
const openingOn = (window: Window, day: Date, zone: string): Opening => {
  const start = instantOf(day, window.start, zone);
  const endDay = window.end > window.start ? day : new Date(day.getTime() + dayMs);
  const end = instantOf(endDay, window.end, zone);
  const whole = start.at.getTime() + windowMinutes(window) * minuteMs;
  // The hour in which it begins does not exist on this day: it comes later, and as long as ever.
  const late = start.shifted || end.at <= start.at;
  return { start: start.at, end: late ? new Date(Math.max(whole, end.at.getTime())) : end.at, zone };
};

/** Openings from the one that may have begun yesterday to those a week ahead, by their start. */
const openingsAround = (windows: readonly Window[], now: Date, hostZone: string): readonly Opening[] =>
  windows
    .flatMap((window) => {
      const zone = window.zone ?? hostZone;
      const today = localDay(now, zone);
      return Array.from({ length: 10 }, (_, index) => new Date(today.getTime() + (index - 1) * dayMs))
        .filter((day) => window.days.length === 0 || window.days.includes(weekdayOf(day)))
        .map((day) => openingOn(window, day, zone));
    })
    .toSorted((left, right) => left.start.getTime() - right.start.getTime());

/** undefined: one is open. @param hostZone IANA name of the host's time zone. */
export const nextOpening = (windows: readonly Window[], now: Date, hostZone: string): Opening | undefined => {
  const openings = openingsAround(windows, now, hostZone);
  if (openings.some(({ start, end }) => start <= now && now < end)) return undefined;
  return openings.find(({ start }) => start > now);
};

/** The last one that began after `since` and has ended; of more than a week ago nobody asks. */
export const lastOpening = (
  windows: readonly Window[],
  since: Date,
  now: Date,
  hostZone: string,
): Opening | undefined =>
  openingsAround(windows, new Date(now.getTime() - 8 * dayMs), hostZone).findLast(
    ({ start, end }) => start >= since && end <= now,
  );

const minutesOf = (hours: string, minutes: string): number | undefined => {
  const all = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && all <= 1440 ? all : undefined;
};

const isZone = (text: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text }).format(0);
    return true;
  } catch {
    return false;
  }
};

/** `Sat,Sun 02:00-05:00`, `Mon-Fri 22:00-04:00 Europe/Berlin`, or why it is none: a phrase to go after the quoted text. */
export const parseWindow = (text: string): Window | { readonly problem: string } => {
  const [, days, fromHour = "", fromMinute = "", toHour = "", toMinute = "", zone] =
    /^(?:([A-Za-z]{3}(?:[,-][A-Za-z]{3})*) +)?(\d{1,2}):(\d\d) ?- ?(\d{1,2}):(\d\d)(?: +([A-Za-z][\w+/-]{1,60}))?$/.exec(
      text,
    ) ?? [];
  const start = minutesOf(fromHour, fromMinute);
  const end = minutesOf(toHour, toMinute);
  if (fromHour === "" || start === undefined || end === undefined || start === 1440) {
    return { problem: "is no window" };
  }
  if (start === end || (start === 0 && end === 1440)) return { problem: "is open all day: leave it out" };
  const known = days === undefined ? [] : daysOf(days);
  if (known === undefined) return { problem: "names a day that is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun" };
  if (zone !== undefined && !isZone(zone)) return { problem: "names a time zone that is not known" };
  return { text, days: known, start, end, ...(zone === undefined ? {} : { zone }) };
};

const dayOf = (word: string): number => weekdays.findIndex((day) => day.toLowerCase() === word.toLowerCase());

/** `Mon-Fri`, `Sat,Sun`; undefined where a word is no day. */
const daysOf = (text: string): readonly number[] | undefined => {
  const days = text.split(",").flatMap((part) => {
    const [from = "", to = from, ...more] = part.split("-");
    const [first, last] = [dayOf(from), dayOf(to)];
    if (more.length > 0 || first < 0 || last < 0) return [-1];
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => (first + index) % 7);
  });
  return days.includes(-1) ? undefined : [...new Set(days)];
};

/** `Sat 02:00 (Europe/Berlin)`, with the date where it is more than six days away. */
export const openingText = ({ start, zone }: Opening, now: Date): string => {
  const far = start.getTime() - now.getTime() > 6 * dayMs;
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(far ? { day: "2-digit", month: "short" } : {}),
  }).formatToParts(start);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("weekday")}${far ? ` ${of("day")} ${of("month")}` : ""} ${of("hour")}:${of("minute")} (${zone})`;
};
