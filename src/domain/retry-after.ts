// When a server wants to be asked again: the Retry-After header of HTTP, read with neither clock taken for right.

const httpDate = (value: string | undefined): number =>
  // Date.parse takes much that is no HTTP date ("-5" is a year to it); each of the three forms begins with the day's name.
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value ?? "") ? Date.parse(value ?? "") : Number.NaN;

/**
 * Retry-After (RFC 9110 §10.2.3): seconds or an HTTP date, which is the server's: counted from its own Date, so that neither clock has to be right.
 * undefined when it says nothing; never before `now`, never over a year.
 */
export const retryAfterDate = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>> | undefined,
  now: Date,
): Date | undefined => {
  const [value, date] = ["retry-after", "date"].map((name) => String(headers?.[name] ?? "").trim());
  const serverNow = httpDate(date);
  const seconds = /^[0-9]{1,12}$/.test(value ?? "") ? Number(value) * 1000 : Number.NaN;
  const until = httpDate(value) - (Number.isNaN(serverNow) ? now.getTime() : serverNow);
  const wait = Number.isNaN(seconds) ? until : seconds;
  if (Number.isNaN(wait)) return undefined;
  return new Date(now.getTime() + Math.min(Math.max(wait, 0), 366 * 86_400_000));
};
