// The seam of the probe: gathers one observation of one entry point at one address.
import type { EntryPoint } from "../domain/entry-point.ts";
import type { Slot } from "../domain/keys.ts";
import type { Observation } from "../domain/observation.ts";

export interface ProbeOptions {
  /** Name for SNI; false: send none. Default: the entry point's host when it is a DNS name. */
  readonly sni?: string | false;
  /** Offer signature algorithms of this kind only, so that the server answers with that certificate. */
  readonly slot?: Slot;
  /** One budget for connect, dialogue and handshake together, in milliseconds. */
  readonly timeoutMs: number;
  /** Our name in EHLO and LHLO; empty: the literal of our own address (`[192.0.2.1]`), which every server takes. */
  readonly ehlo: string;
  /** PEM certificates to trust. The same array object gives the same SecureContext: make it once a run. */
  readonly anchors: readonly string[];
  /** `handshake`: close after the handshake. `full`: also read capabilities inside TLS and leave politely. */
  readonly dialogue: "handshake" | "full";
  /** One connection and no second one: with a small ClientHello from the start, or with the usual one whatever comes of it. */
  readonly once?: { readonly smallHello: boolean };
  /** With TLS 1.2 at most, ask for a renegotiation after the handshake, and leave: nothing is read inside TLS. */
  readonly renegotiate?: boolean;
  /** Write down what is said in clear. */
  readonly transcript?: boolean;
  readonly signal?: AbortSignal;
  readonly left?: Left;
}

/** Told of each connection that was left: resolves, never rejects, when it is closed. */
export type Left = (closed: Promise<void>) => void;

/** Never rejects for what a server does: that is the observation. `entry.address` says where to connect. */
export type Probe = (entry: EntryPoint & { readonly address: string }, options: ProbeOptions) => Promise<Observation>;
