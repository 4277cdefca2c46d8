// TLS profiles of entry points, politely: one connection after the other at each, few at once at an address, a moment between them.
import { isIP } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { TlsProfile } from "../domain/tls-profile.ts";
import { type KnownTls, tlsProfile } from "../hello/profile.ts";
import { askHello } from "./ask-hello.ts";

export interface ProfileOptions {
  /** As in the ordinary handshake; false: none. Default: the host where it is a name. */
  readonly sni?: string | false;
  readonly ehlo: string;
  /** Of each connection, in milliseconds; the whole takes three times that at most, and tells what it has by then. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type Profile = (
  entry: EntryPoint & { readonly address: string },
  known: KnownTls,
  options: ProfileOptions,
) => Promise<TlsProfile>;

export interface ProfileParts {
  readonly random: (size: number) => Uint8Array;
}

/** Profiles under way at one address: a client that holds many connections is what servers defend themselves against. */
const atOnce = 2;
/** Between two connections to one entry point: no flood for whoever counts them. */
const pauseMs = 20;

export const createProfiler = ({ random }: ProfileParts): Profile => {
  const gate = createGate(atOnce);
  return (entry, known, { sni = entry.host, ehlo, timeoutMs, signal }) =>
    gate(entry.address, async () => {
      signal?.throwIfAborted();
      const name = sni === false || isIP(sni) !== 0 ? undefined : sni;
      const whole = new AbortController();
      const timer = setTimeout(() => whole.abort(), timeoutMs * 3);
      let first = true;
      try {
        return await tlsProfile(async (offer) => {
          if (!first) await wait(pauseMs);
          first = false;
          signal?.throwIfAborted();
          const one = new AbortController();
          const late = setTimeout(() => one.abort(), timeoutMs);
          const signals = [whole.signal, one.signal, ...(signal ? [signal] : [])];
          try {
            const terms = { sni: name, ehlo, signal: AbortSignal.any(signals), random: random(64) };
            return await askHello(entry, offer, terms);
          } finally {
            clearTimeout(late);
          }
        }, known);
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
      waiting.set(key, others);
      if (next) next();
      else running.set(key, (running.get(key) ?? 1) - 1);
    }
  };
};
