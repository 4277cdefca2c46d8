// Dates for people: UTC, the shortest form that says it.

const dayMs = 86_400_000;

/** `2026-11-20`. */
export const day = (date: Date): string => date.toISOString().slice(0, 10);

/** `2026-11-20 12:00 UTC`. */
export const minute = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** Whole days from `from` to `to`, negative when it is past. */
export const daysBetween = (from: Date, to: Date): number => Math.floor((to.getTime() - from.getTime()) / dayMs);
