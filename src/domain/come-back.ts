// When the next attempt comes, said once and in one way: what was asked for, and what the timer makes of it.
import { utcMinute } from "./utc-minute.ts";

const opening = "the next attempt makes sense from ";

/** Of who is asked: a CA, a DNS provider. `retryAt`: ISO date. */
export const comeBackHint = (retryAt: string): string => `${opening}${utcMinute(retryAt)} on`;

/** The hints without that one: where the next attempt is known, nothing else is said of it. */
export const withoutComeBack = (hints: readonly string[]): readonly string[] =>
  hints.filter((hint) => !hint.startsWith(opening));

/** `next`: when a timer run tries again, as `status` shows it; `retryAt`: what was asked for. ISO dates. */
export const nextAttemptHint = (next: string, retryAt: string | undefined): string => {
  const when = `\`mailcert renew\` (the timer) tries again at ${utcMinute(next)} or after`;
  return retryAt === undefined || Date.parse(retryAt) <= Date.parse(next)
    ? when
    : `${when}; ${utcMinute(retryAt)} was asked for, and no attempt is put off for that long`;
};
