// When a certificate is renewed, and when a failed attempt is tried again.

const minute = 60_000;
const day = 24 * 60 * minute;

export interface Renewal {
  readonly at: Date;
  readonly due: boolean;
}

/** At two thirds of the lifetime; at one half where it is shorter than ten days, so that a few failed attempts still fit in. */
export const renewalDue = (notBefore: Date, notAfter: Date, now: Date): Renewal => {
  const lifetime = Math.max(0, notAfter.getTime() - notBefore.getTime());
  const share = lifetime < 10 * day ? lifetime / 2 : (lifetime * 2) / 3;
  const at = new Date(notBefore.getTime() + Math.floor(share));
  return { at, due: now.getTime() >= at.getTime() };
};

/** Minutes until the next attempt, after the first, second, ... failure in a row; the last one stays. */
const backOffMinutes: readonly number[] = [1, 10, 60, 180, 360, 720, 1440];

/** When to try again after `attempts` failures in a row; at once when there was none. */
export const nextAttempt = (attempts: number, now: Date): Date => {
  const step = Math.min(Math.max(0, Math.floor(attempts)), backOffMinutes.length);
  const minutes = step === 0 ? 0 : (backOffMinutes[step - 1] ?? 0);
  return new Date(now.getTime() + minutes * minute);
};
