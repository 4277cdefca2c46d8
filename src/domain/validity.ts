// Whether the dates of a certificate that was just handed out make it one to serve. The wrong clock may be the CA's, or this host's.
import { renewalDue } from "./renewal.ts";
import { utcMinute } from "./utc-minute.ts";

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Clocks differ by seconds, and most CAs date certificates back: more is no accident. */
const skewMs = 5 * 60_000;

/** Further ahead than anybody waits for. */
const longestMs = 86_400_000;

/** Why nobody would take it now; undefined: it is valid. */
export const whyNotValid = ({ notBefore, notAfter }: Validity, now: Date): string | undefined => {
  if (notAfter <= now) return `it ended on ${utcMinute(notAfter)}`;
  if (notBefore.getTime() - now.getTime() > skewMs) return `it is not valid before ${utcMinute(notBefore)}`;
  return undefined;
};

/** It lay too long before anybody fetched it: expired, or to be renewed already; or it begins at a date that a wrong clock gave. */
export const isSpent = ({ notBefore, notAfter }: Validity, now: Date): boolean =>
  renewalDue(notBefore, notAfter, now).due || notBefore.getTime() - now.getTime() > longestMs;

/** Why it is no gain over the one that is there; undefined: it is one. A shorter lifetime alone may be what was asked for. */
export const whyNoGain = (next: Validity, present: Validity, now: Date): string | undefined =>
  isSpent(next, now) && next.notAfter <= present.notAfter
    ? `it ends on ${utcMinute(next.notAfter)}, no later than the present one, and would have to be renewed at once`
    : undefined;
