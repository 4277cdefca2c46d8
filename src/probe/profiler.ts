// TLS profiles of entry points, politely: one connection after the other at each, few at once at an address, a moment between them.
import { isIP } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { Observation } from "../domain/observation.ts";
import type { Allowance } from "../domain/allowance.ts";
import type { HelloAnswer } from "../hello/answer.ts";
import { type AskHello, type Further, type KnownTls, type ProfileAnswer, tlsProfile } from "../hello/profile.ts";
import { askHello } from "./ask-hello.ts";
import type { Left } from "./probe.ts";

export interface ProfileOptions {
  /** As in the ordinary handshake; false: none. Default: the host where it is a name. */
  readonly sni?: string | false;
  readonly ehlo: string;
  /** Of each connection, in milliseconds; the whole takes three times that at most, and tells what it has by then. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly left?: Left;
  /** Shared with all who ask there. */
  readonly allowance: Allowance;
  /** Ask for mail before TLS on the way to the first question (submission). */
  readonly mailFirst?: boolean;
  readonly further?: Further;
}

export interface Profiled extends ProfileAnswer {
  readonly mailInClear?: NonNullable<Observation["mailInClear"]>;
}

export type Profile = (
  entry: EntryPoint & { readonly address: string },
  known: KnownTls,
  options: ProfileOptions,
) => Promise<Profiled>;

export interface ProfileParts {
  readonly random: (size: number) => Uint8Array;
}

/** Profiles under way at one address: a client that holds many connections is what servers defend themselves against. */
const atOnce = 2;
/** Between two connections to one entry point: no flood for whoever counts them. */
const pauseMs = 20;

export const createProfiler = ({ random }: ProfileParts): Profile => {
  const gate = createGate(atOnce);
  return (entry, known, { sni = entry.host, ehlo, timeoutMs, signal, allowance, mailFirst = false, further, left }) =>
    gate(entry.address, async () => {
      signal?.throwIfAborted();
      const name = sni === false || isIP(sni) !== 0 ? undefined : sni;
      const whole = new AbortController();
      const timer = setTimeout(() => whole.abort(), timeoutMs * 3);
      let mailInClear: Observation["mailInClear"];
      const one = async (offer: Parameters<AskHello>[0], withMail: boolean): Promise<HelloAnswer> => {
        signal?.throwIfAborted();
        const expiry = new AbortController();
        const late = setTimeout(() => expiry.abort(), timeoutMs);
        const signals = [whole.signal, expiry.signal, ...(signal ? [signal] : [])];
        try {
          return await askHello(entry, offer, {
            sni: name,
            ehlo,
            signal: AbortSignal.any(signals),
            random: random(64),
            left,
            mailFirst: withMail ? (answer) => (mailInClear = answer) : undefined,
          });
        } finally {
          clearTimeout(late);
        }
      };
      let first = true;
      let again = 0;
      const ask: AskHello = async (offer) => {
        if (!first) await wait(pauseMs);
        const withMail = mailFirst && first;
        first = false;
        const answer = await one(offer, withMail);
        // It may have hung up on MAIL, which is no answer to the hello. "Later" is one to everything.
        const lost = withMail && answer.kind === "none" && mailInClear !== undefined && mailInClear.code !== 421;
        if (!lost || !allowance.take()) return answer;
        again += 1;
        await wait(pauseMs);
        return one(offer, false);
      };
      try {
        const answer = await tlsProfile(ask, known, allowance, further);
        const profile = { ...answer.profile, connections: answer.profile.connections + again };
        return { ...answer, profile, ...(mailInClear === undefined ? {} : { mailInClear }) };
      } finally {
        clearTimeout(timer);
        signal?.throwIfAborted();
      }
    });
};
/** Runs at most `most` pieces of work of one key at a time, in order of arrival. */
const createGate = (most: number) => {
  const running = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();
  return async <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const now = running.get(key) ?? 0;
    if (now < most) running.set(key, now + 1);
    // Whoever ends hands its place on.
    else await new Promise<void>((resolve) => waiting.set(key, [...(waiting.get(key) ?? []), resolve]));
    try {
      return await work();
    } finally {
      const [next, ...others] = waiting.get(key) ?? [];
      if (others.length > 0) waiting.set(key, others);
      else waiting.delete(key);
      const now = (running.get(key) ?? 1) - 1;
      if (next) next();
      else if (now > 0) running.set(key, now);
      else running.delete(key);
    }
  };
};
