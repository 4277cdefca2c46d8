// When a certificate is renewed (docs/renewal.md), and when a failed attempt is tried again.
import { type RenewalAdvice, type RenewalWindow, adviceFor } from "./ari.ts";

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

/** What a certificate's lifetime and its CA's advice come to. */
export interface RenewalPlan extends Renewal {
  /** The CA's window, where it decides. */
  readonly advised?: RenewalWindow & { readonly explanationUrl?: string };
  /** So little is left that no back-off of ours holds an attempt back. */
  readonly desperate: boolean;
}

/** Runs come once an hour, up to half an hour late (templates/mailcert.timer): where the next one would come after the window's end, this one is it. */
const betweenRuns = 90 * minute;

/** A CA that wants every certificate to be renewed at once must not make each hourly run an order. */
const youngest = 6 * 60 * minute;

interface Validity {
  /** ISO dates. */
  readonly notBefore: string;
  readonly notAfter: string;
}

const lifetimeOf = ({ notBefore, notAfter }: Validity): number => Date.parse(notAfter) - Date.parse(notBefore);

/** So little is left (1/20 of the lifetime) that nothing which can wait comes before the certificate. */
export const isEmergency = (generation: Validity, now: Date): boolean =>
  Date.parse(generation.notAfter) - now.getTime() < lifetimeOf(generation) / 20;

/** The CA's advice first (RFC 9773), else our own rule; near the end the advice is ignored (certmagic's 1/20 and 1/50 of the lifetime). */
export const renewalPlan = (
  generation: Validity & { readonly number: number },
  advice: RenewalAdvice | undefined,
  now: Date,
): RenewalPlan => {
  const [notBefore, notAfter] = [new Date(generation.notBefore), new Date(generation.notAfter)];
  const lifetime = lifetimeOf(generation);
  const left = notAfter.getTime() - now.getTime();
  const desperate = left < lifetime / 50;
  const advised = isEmergency(generation, now) ? undefined : adviceFor(advice, generation.number);
  if (advised === undefined) return { ...renewalDue(notBefore, notAfter, now), desperate };
  const { start, end, chosen, explanationUrl } = advised;
  const old = notBefore.getTime() + Math.min(youngest, lifetime / 20);
  const at = new Date(Math.max(Date.parse(chosen), old));
  const lastRun = Math.max(Date.parse(start), old) <= now.getTime() && Date.parse(end) - now.getTime() < betweenRuns;
  return {
    at,
    due: at <= now || lastRun,
    advised: { start, end, ...(explanationUrl === undefined ? {} : { explanationUrl }) },
    desperate,
  };
};

/** Minutes until the next attempt, after the first, second, ... failure in a row; the last one stays. */
const backOffMinutes: readonly number[] = [1, 10, 60, 180, 360, 720, 1440];

/** When to try again after `attempts` failures in a row; at once when there was none. */
export const nextAttempt = (attempts: number, now: Date): Date => {
  const step = Math.min(Math.max(0, Math.floor(attempts)), backOffMinutes.length);
  const minutes = step === 0 ? 0 : (backOffMinutes[step - 1] ?? 0);
  return new Date(now.getTime() + minutes * minute);
};
