// Whether a certificate is so near its end that silence about it would be wrong: under 1/8 of its lifetime (the fault of cert-expiry).

interface Lifetime {
  readonly notBefore: string;
  readonly notAfter: string;
}

/** True under 1/8 of the lifetime, and when it has ended. */
export const nearEnd = ({ notBefore, notAfter }: Lifetime, now: Date): boolean =>
  Date.parse(notAfter) - now.getTime() < (Date.parse(notAfter) - Date.parse(notBefore)) / 8;

/** `expired on 2026-11-20`, `ends on 2026-11-25`. */
export const endText = ({ notAfter }: Lifetime, now: Date): string =>
  `${Date.parse(notAfter) <= now.getTime() ? "EXPIRED" : "ends"} on ${notAfter.slice(0, 10)}`;
