// The clock on the wall of a time zone: which day it shows, and which instant a time of day on it is.

interface Wall {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

const wallAt = (at: Date, zone: string): Wall => {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return {
    year: of("year"),
    month: of("month"),
    day: of("day"),
    hour: of("hour"),
    minute: of("minute"),
    second: of("second"),
  };
};

/** Milliseconds that the wall is ahead of UTC. */
const offsetAt = (at: number, zone: string): number => {
  const { year, month, day, hour, minute, second } = wallAt(new Date(at), zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
};

/** The calendar's day there, as midnight UTC of that date. */
export const localDay = (now: Date, zone: string): Date => {
  const { year, month, day } = wallAt(now, zone);
  return new Date(Date.UTC(year, month - 1, day));
};

/** 0 is Sunday. @param day as `localDay` gives it. */
export const weekdayOf = (day: Date): number => day.getUTCDay();

const dayMs = 86_400_000;

/**
 * The instant at which the wall shows this time on this day; the first of two where the clock is put back. `shifted`: the clock is put
 * forward over it, and the instant is as much later (RFC 5545 §3.3.5 does the same).
 */
export const instantOf = (
  day: Date,
  minutes: number,
  zone: string,
): { readonly at: Date; readonly shifted: boolean } => {
  const wall = day.getTime() + minutes * 60_000;
  // Offsets change at most once within a day of it.
  const before = offsetAt(wall - dayMs, zone);
  const after = offsetAt(wall + dayMs, zone);
  const early = wall - before;
  if (offsetAt(early, zone) === before) return { at: new Date(early), shifted: false };
  const late = wall - after;
  if (offsetAt(late, zone) === after) return { at: new Date(late), shifted: false };
  return { at: new Date(early), shifted: true };
};
