// From when until when a certificate is valid, and from when a list of revoked ones.

const hour = 3_600_000;
const day = 24 * hour;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** An hour ago, to the second: a client whose clock is slow accepts at once what is made now. */
export const beginningOf = (now: Date): Date => new Date(Math.floor((now.getTime() - hour) / 1000) * 1000);

/**
 * `days` whole days that began an hour ago.
 * The last second counts (RFC 5280 §4.1.2.5), so that "825 days" is 825 days and not one second more, which Apple would refuse.
 */
export const validityOf = (now: Date, days: number): Validity => {
  const notBefore = beginningOf(now);
  return { notBefore, notAfter: new Date(notBefore.getTime() + days * day - 1000) };
};
