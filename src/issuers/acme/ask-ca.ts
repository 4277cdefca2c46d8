// The way to a CA for questions beside an order: its trust, its directory, and requests with one deadline each.
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import type { Directory } from "./directory.ts";
import { type Lines, type ReachOptions, type Talk, lineTo, reachCa } from "./reach-ca.ts";
import type { Transport } from "./transport.ts";

/** A directory and an account. */
const maxReplyBytes = 1 << 18;

export interface AskOptions extends ReachOptions {
  readonly stateDir: string;
  /** Milliseconds for one HTTP request; default 30 s. */
  readonly timeoutMs?: number;
}

export interface Asking {
  readonly settings: AcmeSettings;
  readonly directory: Directory;
  readonly transport: Transport;
  readonly now: () => Date;
}

export type { Talk } from "./reach-ca.ts";

/** @throws Failure where the CA cannot be reached, or is none. */
export const askCa = async (o: AskOptions, lines: Lines, settings: AcmeSettings, talk: Talk): Promise<Asking> => {
  const bounds = { timeoutMs: o.timeoutMs ?? 30_000, maxBytes: maxReplyBytes };
  const reached = await reachCa(o, await lineTo(lines, settings), settings, talk, bounds);
  return { settings, ...reached, now: o.now };
};
