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
  weakSuites,
} from "./suite-kinds.ts";

const groups = strongGroups;
const tls13Suites = [0x1301, 0x1302, 0x1303];
/** More than one packet holds (1,460 bytes over IPv4), as a ClientHello with an ML-KEM key share is. */
const largeBytes = 1_800;

/** Every version up to this one, with suites that such old servers know: one refusal is the answer for all of them. */
export const oldVersions = (version: ProtocolVersion): Offer => ({
  version,
  suites: oldSuites.slice(0, mostSuites),
  groups,
});

export const broken = (anonymous: boolean): Offer => ({
  version: "TLSv1.2",
  suites: [...brokenSuites, ...(anonymous ? anonymousSuites : [])],
  groups,
});

export const weak: Offer = { version: "TLSv1.2", suites: weakSuites, groups };
export const phaseOut: Offer = { version: "TLSv1.2", suites: phaseOutSuites, groups };
export const diffieHellman: Offer = { version: "TLSv1.2", suites: dheSuites, groups };

/**
 * Weak groups before all. `onCurve`: the certificate's key is on a curve, which the list must hold up to TLS 1.2 (RFC 8422 §4), or the server
 * would refuse for that; then what it chooses is the answer.
 */
export const weakGroup = (onCurve: boolean): Offer => ({
  version: "TLSv1.2",
  suites: ecdheSuites,
  groups: [...weakGroups, ...(onCurve ? certificateCurves : [])],
});

export const hybridGroup: Offer = { version: "TLSv1.3", suites: tls13Suites, groups: hybridGroups };

/** What every sound server takes: shows what its TLS 1.2 does, and that refusals before were meant. */
export const today = (version: "TLSv1.2" | "TLSv1.3", large: boolean): Offer => ({
  version,
  suites: version === "TLSv1.3" ? tls13Suites : commonSuites,
  groups,
  ...(version === "TLSv1.2" ? { compression: true } : {}),
  ...(large ? { padTo: largeBytes } : {}),
});
