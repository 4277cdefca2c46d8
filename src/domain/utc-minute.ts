// A date for people, as far as they can use it.

/** `2026-11-20 12:00 UTC`; a text that is no date as it stands. */
export const utcMinute = (date: Date | string): string => {
  const ms = typeof date === "string" ? Date.parse(date) : date.getTime();
  return Number.isNaN(ms) ? String(date) : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
};
