// TLS profiles of entry points, politely: one connection after the other at each, few at once at an address, a moment between them.
import { isIP } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { EntryPoint } from "../domain/entry-point.ts";
import type { Observation } from "../domain/observation.ts";
import type { Allowance } from "../domain/allowance.ts";
import type { HelloAnswer } from "../hello/answer.ts";
import { type AskHello, type Further, type KnownTls, type ProfileAnswer, tlsProfile } from "../hello/profile.ts";
import { type Gate, createGate } from "../system/gate.ts";
import { askHello } from "./ask-hello.ts";
import { deadline } from "./deadline.ts";
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
  const gate = createGates(atOnce);
  return (entry, known, { sni = entry.host, ehlo, timeoutMs, signal, allowance, mailFirst = false, further, left }) =>
    gate(entry.address, async () => {
      signal?.throwIfAborted();
      const name = sni === false || isIP(sni) !== 0 ? undefined : sni;
      const whole = deadline(timeoutMs * 3, signal);
      let mailInClear: Observation["mailInClear"];
      const one = async (offer: Parameters<AskHello>[0], withMail: boolean): Promise<HelloAnswer> => {
        signal?.throwIfAborted();
        const share = deadline(timeoutMs, whole.signal);
        try {
          return await askHello(entry, offer, {
            sni: name,
            ehlo,
            signal: share.signal,
            random: random(64),
            left,
            mailFirst: withMail ? (answer) => (mailInClear = answer) : undefined,
          });
        } finally {
          share.over();
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
        whole.over();
        signal?.throwIfAborted();
      }
    });
};
/** Runs at most `most` pieces of work of one key at a time, in order of arrival. */
const createGates = (most: number) => {
  const gates = new Map<string, Gate>();
  return async <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const gate = gates.get(key) ?? createGate(most);
    gates.set(key, gate);
    await gate.enter();
    try {
      return await work();
    } finally {
      gate.leave();
      if (gate.isEmpty()) gates.delete(key);
    }
  };
};
