// The way to a CA, kept for a whole run: its connections, nonces that nobody used yet, and its directory. A hoster's run asks hundreds of times.
import { Agent } from "node:https";
import type { Failure } from "../../domain/failure.ts";
import type { Directory } from "./directory.ts";

export interface Line {
  /** Idle connections of it do not keep the process alive. */
  readonly agent: Agent;
  /** The newest last. A CA may forget them: a refused one costs a request. */
  readonly nonces: string[];
  /** `at`: milliseconds of a clock that never goes back. */
  directory?: { readonly document: Directory; readonly at: number };
  /** Why the CA is left alone, and until when by the same clock (silence.ts). */
  silence?: { readonly failure: Failure; readonly until: number };
}

/** Nonces that are kept; what a burst leaves over. */
const mostNonces = 16;
/** A connection that nobody used for so long is closed, by us: a loop (`--every`) has new ones in each round, and many CAs close none. */
const usualIdleMs = 60_000;
/** A CA changes its directory rarely, and a loop (`--every`) runs for months. */
const directoryMs = 600_000;

export const keepNonce = ({ nonces }: Line, nonce: string): void => {
  nonces.push(nonce);
  if (nonces.length > mostNonces) nonces.shift();
};

/** The directory as it was read a short while ago, or as `read` gives it now. */
export const directoryOf = async (line: Line, now: number, read: () => Promise<Directory>): Promise<Directory> => {
  if (line.directory === undefined || now - line.directory.at > directoryMs) {
    line.directory = { document: await read(), at: now };
  }
  return line.directory.document;
};

/** One line for each directory URL and trust (PEM). */
export const createLines = (idleMs = usualIdleMs): ((directory: string, ca: string | undefined) => Line) => {
  const lines = new Map<string, Line>();
  return (directory, ca) => {
    const key = `${directory}\n${ca ?? ""}`;
    const known = lines.get(key);
    if (known) return known;
    const agent = new Agent({ keepAlive: true, maxSockets: 4, timeout: idleMs, ...(ca === undefined ? {} : { ca }) });
    const line: Line = { agent, nonces: [] };
    lines.set(key, line);
    return line;
  };
};
