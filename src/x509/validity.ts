// From when until when a certificate is valid.

const hour = 3_600_000;
const day = 24 * hour;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * `days` whole days that began an hour ago: a client whose clock is slow accepts the certificate at once.
 * The last second counts (RFC 5280 §4.1.2.5), so that "825 days" is 825 days and not one second more, which Apple would refuse.
 */
export const validityOf = (now: Date, days: number): Validity => {
  const start = Math.floor((now.getTime() - hour) / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * day - 1000) };
};
