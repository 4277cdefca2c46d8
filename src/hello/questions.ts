// The questions that a profile asks, each a ClientHello: what is offered in it, and nothing else.
import type { ProtocolVersion } from "../domain/tls-profile.ts";
import type { Offer } from "./client-hello.ts";
import { certificateCurves, hybridGroups, strongGroups, weakGroups } from "./groups.ts";
import {
  anonymousSuites,
  brokenSuites,
  commonSuites,
  dheSuites,
  ecdheSuites,
  mostSuites,
  oldSuites,
  phaseOutSuites,
  staticDhSuites,
  weakSuites,
} from "./suite-kinds.ts";

const groups = strongGroups;
const tls13Suites = [0x1301, 0x1302, 0x1303];
/** More than one packet holds (1,460 bytes over IPv4), as a ClientHello with an ML-KEM key share is. */
const largeBytes = 1_800;

/** What is better not agreed to, worst first. */
export const badKinds = ["broken", "weak", "phase-out"] as const;
export type BadKind = (typeof badKinds)[number];

/** `anonymous`: whether suites without authentication count as broken. */
export const suitesOf = (kind: BadKind, anonymous: boolean): readonly number[] =>
  kind === "broken"
    ? [...brokenSuites, ...(anonymous ? anonymousSuites : [])]
    : kind === "weak"
      ? weakSuites
      : phaseOutSuites;

/**
 * Every version up to this one, with all suites that such old servers know: one refusal is the answer for all of them. `wanted` come first,
 * since most servers take the first that they know: what is chosen is then news about suites, too.
 */
export const oldVersions = (version: ProtocolVersion, wanted: readonly number[] = []): Offer => {
  const known = wanted.filter((suite) => oldSuites.includes(suite));
  const others = oldSuites.filter((suite) => !wanted.includes(suite));
  // Those of old servers have to be in it; the rest as far as there is room.
  const more = wanted.filter((suite) => !oldSuites.includes(suite)).slice(0, mostSuites - oldSuites.length);
  return {
    version,
    suites: [...wanted.filter((suite) => known.includes(suite) || more.includes(suite)), ...others],
    groups,
  };
};

/** These suites alone: whoever agrees has one of them. Behind those of the last question there is room for prehistoric ones. */
export const only = (kinds: readonly BadKind[], anonymous: boolean): Offer => ({
  version: "TLSv1.2",
  suites: [
    ...kinds.flatMap((kind) => suitesOf(kind, anonymous)),
    ...(kinds.includes("phase-out") ? staticDhSuites : []),
  ].slice(0, mostSuites),
  groups,
});

export const diffieHellman: Offer = { version: "TLSv1.2", suites: dheSuites, groups };

/**
 * Weak groups before all. `onCurve`: the certificate's key is on a curve, which the list must hold up to TLS 1.2 (RFC 8422 §4), or the server
 * would refuse for that; then what it chooses is the answer. `withDhe`: finite-field Diffie-Hellman behind them, for one refusal of both.
 */
export const weakGroup = (onCurve: boolean, withDhe = false): Offer => ({
  version: "TLSv1.2",
  suites: [...ecdheSuites, ...(withDhe ? dheSuites : [])],
  groups: [...weakGroups, ...(onCurve ? certificateCurves : [])],
});

export const hybridGroup: Offer = { version: "TLSv1.3", suites: tls13Suites, groups: hybridGroups };

/** Of web servers: whoever speaks them on a port for mail can be brought to talk to a browser (ALPACA). */
export const wrongProtocols: readonly string[] = ["http/1.1", "h2"];

/** What every sound server takes: shows what its TLS 1.2 does, and that refusals before were meant. `protocol`: ALPN, behind wrong ones. */
export const today = (
  version: "TLSv1.2" | "TLSv1.3",
  { large, unnamed, protocol }: { readonly large: boolean; readonly unnamed?: boolean; readonly protocol?: string },
): Offer => ({
  version,
  suites: version === "TLSv1.3" ? tls13Suites : commonSuites,
  groups,
  ...(version === "TLSv1.2" ? { compression: true } : {}),
  ...(large ? { padTo: largeBytes } : {}),
  ...(unnamed === true ? { unnamed: true } : {}),
  ...(protocol === undefined ? {} : { alpn: [...wrongProtocols, protocol] }),
});
