// Waiting for the CA (RFC 8555 §7.1.6): Retry-After where it is given, else from 50 ms upwards, one deadline for the whole wait.
import { comeBackHint } from "../../domain/come-back.ts";
import { Failure } from "../../domain/failure.ts";
import { retryAfterDate } from "../../domain/retry-after.ts";
import { mayPass } from "./passing.ts";
import type { Reply } from "./transport.ts";

export interface Patience {
  /** The date, for Retry-After and for what people are told. */
  readonly now: () => Date;
  /** Milliseconds that no change of the date touches, for the deadline. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Milliseconds for one wait as a whole. */
  readonly patienceMs: number;
}

/** A CA without a queue (Pebble, a CA of one's own) is done in milliseconds: one look for those, and then the usual pace. */
const earlyMs = 20;
const firstMs = 50;
const longestMs = 5_000;
/** Looks in a row that may fail: server errors, broken connections, pages that are not the CA's. */
const maxStumbles = 3;

/**
 * Looks until `done(reply)` gives something. The first look comes early: most CAs are done by then, and its reply says how long the rest takes.
 * @throws Failure `try-later` when the CA wants to be asked later than the deadline allows, or is not ready by then.
 */
export const poll = async <T>(
  what: string,
  look: () => Promise<Reply>,
  done: (reply: Reply) => T | undefined,
  patience: Patience,
): Promise<T> => {
  const { now, elapsed, sleep, signal, patienceMs } = patience;
  const deadline = elapsed() + patienceMs;
  let backOff = earlyMs;
  let stumbles = 0;
  let last: Reply | undefined;
  for (;;) {
    const at = now();
    const asked = retryAfterDate(last?.headers, at);
    const wait = Math.max(asked === undefined ? 0 : asked.getTime() - at.getTime(), backOff);
    if (elapsed() + wait > deadline) {
      const retryAt = new Date(at.getTime() + Math.max(wait, 60_000)).toISOString();
      throw new Failure("try-later", `the CA is not done with ${what} yet`, {
        hints: ["the next run continues there", comeBackHint(retryAt)],
        facts: { retryAt },
      });
    }
    await sleep(wait, signal);
    signal.throwIfAborted();
    backOff = backOff < firstMs ? firstMs : Math.min(backOff * 1.6, longestMs);
    let result: T | undefined;
    try {
      last = await look();
      result = done(last);
    } catch (error) {
      if (!mayPass(error) || (stumbles += 1) > maxStumbles) throw error;
      last = undefined;
      continue;
    }
    stumbles = 0;
    if (result !== undefined) return result;
  }
};
