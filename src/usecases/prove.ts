// Proof on the wire: connects to this host's own listeners over fresh connections until each serves the new leaf, or time is up.
import { isIP } from "node:net";
import { readCertificate } from "../domain/certificate.ts";
import { type EntryPoint, entryUrl } from "../domain/entry-point.ts";
import type { Slot } from "../domain/keys.ts";
import { sha256Hex } from "../domain/fingerprint.ts";
import { type Answer, type Baseline, type Verdict, verdictOf } from "../domain/verdict.ts";
import type { Observation } from "../domain/observation.ts";
import { probeHost } from "../domain/probe-host.ts";
import { awayWords, isAway } from "../domain/spots.ts";
import type { Probe, ProbeOptions } from "../probe/probe.ts";
import type { Listener, TlsOff } from "../servers/server.ts";
import { type Deployable, addressesOf, entryOf } from "./entries.ts";
import { parallel } from "./parallel.ts";
import type { World } from "./world.ts";

/** One connection to make: an entry point, the name sent as SNI, and the key type asked for. */
export interface ProofTarget {
  readonly installation: string;
  readonly service: string;
  readonly entry: EntryPoint & { readonly address: string };
  readonly slot: Slot;
  /** Ask for this slot's key type only: where a certificate has two. */
  readonly forceSlot: boolean;
  readonly unobservable?: string;
  readonly tlsOff?: TlsOff;
  readonly ownCertificate?: string;
}

export interface ProvedEntry {
  readonly installation: string;
  readonly service: string;
  readonly entry: EntryPoint & { readonly address: string };
  readonly slot: Slot;
  readonly verdict: Verdict;
  readonly leaf?: string;
  readonly message?: string;
  /** What mends it, where the server's own configuration says why. */
  readonly mend?: string;
  /** This host finds no address for the host that was named. */
  readonly unresolved?: true;
}

/** How many connections are open at once. */
const atOnce = 12;

/** `https://x` + address: one key for baseline and proof of an entry point. */
export const entryKey = (entry: EntryPoint & { readonly address: string }): string =>
  `${entryUrl(entry)} ${entry.address}`;

/** A listener that is bound to all addresses is asked at some of each family; of many certificates each one asks a port at one address. */
export type Addresses = "some" | "one";
export const addressesFor = (certificates: number): Addresses => (certificates > 8 ? "one" : "some");

/** Where to ask: the same service on the same port is one server, whatever the family. */
const placesOf = (listeners: readonly Listener[], local: readonly string[], addresses: Addresses) => {
  const places = listeners.flatMap((listener) =>
    addressesOf(listener, local).map((address) => ({ listener, address })),
  );
  if (addresses === "some") return places;
  const seen = new Set<string>();
  return places.filter(({ listener: { service, port } }) => {
    const known = seen.has(`${service} ${port}`);
    seen.add(`${service} ${port}`);
    return !known;
  });
};

/** Every listener at every address, for each name and key type. A wildcard is asked for by a name below it; an address as host asks for no name at all. */
export const proofTargets = (
  found: readonly Deployable[],
  names: readonly string[],
  slots: readonly Slot[],
  local: readonly string[],
  addresses: Addresses = "some",
): readonly ProofTarget[] =>
  found.flatMap(({ installation, listeners, everybody, byAddress }) =>
    placesOf(listeners, local, everybody || byAddress ? "some" : addresses).flatMap(({ listener, address }) =>
      [...names, ...(everybody && !names.includes(address) ? [address] : [])].flatMap((name) =>
        slots
          // A server that takes one key gives one by name its own kind where it has not the other.
          .filter((slot) => listener.slot === undefined || slot === listener.slot || !slots.includes(listener.slot))
          .map((slot) => ({
            installation: installation.id,
            service: listener.service,
            entry: entryOf(listener, probeHost(name), address),
            slot,
            forceSlot: slots.length > 1,
            ...(listener.ownCertificate === undefined ? {} : { ownCertificate: listener.ownCertificate }),
            ...(installation.running
              ? {
                  ...unobservableAt(listener, address, local),
                  ...(listener.tlsOff === undefined ? {} : { tlsOff: listener.tlsOff }),
                }
              : { unobservable: `${installation.id} is not running` }),
          })),
      ),
    ),
  );

/** At an address that is another machine's just now, that machine would answer: whoever named it wants just that. */
export const unobservableAt = (
  { unobservable, named }: Listener,
  address: string,
  local: readonly string[],
): Pick<Listener, "unobservable"> => {
  const why = unobservable ?? (!named && isAway(address, local) ? awayWords(address) : undefined);
  return why === undefined ? {} : { unobservable: why };
};

const optionsFor = (
  target: ProofTarget,
  ehlo: string,
  anchors: readonly string[],
  signal: AbortSignal,
): ProbeOptions => ({
  timeoutMs: 10_000,
  ehlo,
  anchors,
  dialogue: "handshake",
  signal,
  ...(target.forceSlot ? { slot: target.slot } : {}),
});

const answerOf = (observation: Observation): Answer => {
  const leaf = observation.chain[0];
  return {
    ...(leaf === undefined || observation.error?.stage === "handshake" ? {} : { leaf: sha256Hex(leaf) }),
    ...(observation.error ? { reason: observation.error.reason } : {}),
  };
};

/** What each entry point does now, before anything is switched; one handshake each. */
export const observeBaseline = async (
  world: World,
  targets: readonly ProofTarget[],
  ehlo: string,
): Promise<readonly { target: ProofTarget; baseline: Baseline; observation: Observation }[]> => {
  const probe = await world.probe();
  const anchors = await world.systemRoots();
  const observable = targets.filter((target) => target.unobservable === undefined && target.tlsOff === undefined);
  return parallel(observable, atOnce, async (target) => {
    const observation = await probe(target.entry, optionsFor(target, ehlo, anchors, world.signal));
    const { leaf, reason } = answerOf(observation);
    return {
      target,
      observation,
      baseline: { ...(leaf === undefined ? {} : { leaf }), ...(reason === "not-offered" ? { plain: true } : {}) },
    };
  });
};

export interface ProofRequest {
  readonly targets: readonly ProofTarget[];
  /** SHA-256 of the leaf to be served there; undefined: there is none. */
  readonly expected: (target: ProofTarget) => string | undefined;
  /** What it did before the switch. */
  readonly before: (target: ProofTarget) => Baseline | undefined;
  readonly ehlo: string;
  /** Until when an old leaf may still turn into the new one. Postfix recycles processes for a while after a reload. */
  readonly patienceMs: (installation: string) => number;
  /** Asked while an entry point is not proven: whether there is nothing left to wait for. */
  readonly hopeless?: (installation: string, waitedMs: number) => Promise<boolean>;
}

/** After this long without one handshake an entry point that worked before counts as broken. */
const brokenAfterMs = 8_000;

/** An entry point is proven when two fresh connections in a row get the new leaf. */
export const prove = async (world: World, request: ProofRequest): Promise<readonly ProvedEntry[]> => {
  const probe = await world.probe();
  const anchors: readonly string[] = [];
  const started = world.elapsed();
  const bad = new Map<string, Set<string>>();
  const few = request.targets.length <= 4 * atOnce;
  return parallel(request.targets, atOnce, (target) =>
    proveOne(world, probe, target, request, { anchors, started, few, bad }),
  );
};

interface Together {
  readonly anchors: readonly string[];
  /** When the first of them was looked at. */
  readonly started: number;
  /** All are looked at within the first moments. */
  readonly few: boolean;
  /** By server and service: names for which waiting was in vain. */
  readonly bad: Map<string, Set<string>>;
}

/** A service that fails so many names fails them all: each is looked at again, and not waited for as long as the first ones. */
const namesToGiveUpAfter = 3;

const proveOne = async (
  world: World,
  probe: Probe,
  target: ProofTarget,
  request: ProofRequest,
  { anchors, started, few, bad }: Together,
): Promise<ProvedEntry> => {
  const { installation, service, entry, slot } = target;
  const base = { installation, service, entry, slot };
  if (target.unobservable !== undefined) return { ...base, verdict: "unobservable", message: target.unobservable };
  if (target.ownCertificate !== undefined)
    return { ...base, verdict: "own-certificate", message: target.ownCertificate };
  const longest = request.patienceMs(installation);
  const expected = request.expected(target) ?? "";
  const before = request.before(target);
  const first = world.elapsed();
  const inVain = bad.get(`${installation} ${service}`) ?? new Set<string>();
  bad.set(`${installation} ${service}`, inVain);
  let inARow = 0;
  let pause = 100;
  for (;;) {
    const observation = await probe(entry, optionsFor(target, request.ehlo, anchors, world.signal));
    const answer = answerOf(observation);
    const seen = verdictOf(answer, expected, before);
    // Switched off by a setting that is not ours: no other generation would mend it, nor would waiting.
    const { tlsOff } = answer.leaf === undefined ? target : {};
    const verdict = tlsOff && seen === "broken" ? "failing" : seen;
    inARow = verdict === "proven" ? inARow + 1 : 0;
    const waited = world.elapsed() - started;
    const patience = verdict === "stale" ? longest : Math.min(brokenAfterMs, longest);
    // Of thousands, the last one is looked at for the first time when the first one's patience is over: one slow answer must not condemn it.
    const ownMs = few ? 0 : inVain.size < namesToGiveUpAfter ? brokenAfterMs : 500;
    const over =
      verdict !== "proven" &&
      (tlsOff !== undefined ||
        (waited >= patience && world.elapsed() - first >= Math.min(ownMs, longest)) ||
        (await request.hopeless?.(installation, waited)) === true);
    if (over && longest > 0) inVain.add(entry.host);
    if (inARow >= 2 || over) {
      return {
        ...base,
        verdict,
        ...(answer.leaf === undefined ? {} : { leaf: answer.leaf }),
        ...(verdict === "proven" ? {} : { message: tlsOff?.setting ?? whatWasSeen(observation, verdict) }),
        ...(tlsOff ? { mend: tlsOff.mend } : {}),
        ...(verdict !== "proven" && isUnresolved(entry.address, observation) ? { unresolved: true } : {}),
      };
    }
    if (verdict !== "proven") {
      world.step(`waiting for ${entryKey(entry)}: ${whatWasSeen(observation, verdict)}`);
      await world.sleep(pause, world.signal);
      pause = Math.min(pause * 2, 2_000);
    }
  }
};

const isUnresolved = (address: string, { error }: Observation): boolean =>
  isIP(address) === 0 && error?.stage === "connect" && error.reason === "dns";

const whatWasSeen = (observation: Observation, verdict: Verdict): string => {
  if (verdict !== "stale") return observation.error?.message ?? "no TLS handshake";
  const leaf = observation.chain[0];
  if (!leaf) return "no certificate was sent";
  const facts = readCertificate(leaf);
  const names = facts.dnsNames.slice(0, 3).join(", ") || facts.subject;
  return `serves another certificate: ${names}, until ${facts.notAfter.toISOString().slice(0, 10)}, SHA-256 ${facts.sha256.slice(0, 16)}`;
};
