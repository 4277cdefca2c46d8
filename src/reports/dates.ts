// Dates for people: UTC, the shortest form that says it.
import { utcMinute } from "../domain/utc-minute.ts";

const dayMs = 86_400_000;

/** `2026-11-20`. */
export const day = (date: Date): string => date.toISOString().slice(0, 10);

/** `2026-11-20 12:00 UTC`. */
export const minute = (date: Date): string => utcMinute(date);

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** `59 days`, `1 day`, `5 hours`: how long from `from` to `to`; `ended` where that is past. */
export const timeLeft = (from: Date, to: Date): string => {
  const ms = to.getTime() - from.getTime();
  if (ms <= 0) return "ended";
  if (ms >= dayMs) return counted(Math.floor(ms / dayMs), "day");
  return ms >= 3_600_000 ? counted(Math.floor(ms / 3_600_000), "hour") : "under an hour";
};
