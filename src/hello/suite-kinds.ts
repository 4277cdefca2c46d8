// How good a suite is (RFC 9325 §4.1, NCSC 2025-05), read off its name, and the lists that a single ClientHello offers.
import { suites } from "./suites.ts";

/**
 * `broken`: no encryption, under 112 bits, or RC4. `anonymous`: nobody is authenticated. `weak`: 64-bit blocks, or no forward secrecy.
 * `phase-out`: CBC (unless encrypt-then-MAC), finite-field Diffie-Hellman, ARIA, Camellia, SEED. `good`: ECDHE with AES-GCM, AES-CCM or ChaCha20.
 */
export type SuiteKind = "broken" | "anonymous" | "weak" | "phase-out" | "good";

export const kindOf = (name: string): SuiteKind => {
  if (/_NULL_|EXPORT|_RC4_|_RC2_|_DES_|_DES40_/.test(name)) return "broken";
  if (name.includes("_anon_")) return "anonymous";
  if (/_3DES_|_IDEA_|^TLS_(RSA|DH_RSA|ECDH_RSA|ECDH_ECDSA)_/.test(name)) return "weak";
  if (/_CBC_|^TLS_DHE_|_ARIA_|_CAMELLIA_|_SEED_/.test(name)) return "phase-out";
  return "good";
};

/** Some servers do not read further (internet.nl); a test holds every list to it. */
export const mostSuites = 64;

const ofKind = (...kinds: readonly SuiteKind[]): readonly number[] =>
  [...suites].filter(([, name]) => kinds.includes(kindOf(name))).map(([suite]) => suite);

/** They need a certificate for Diffie-Hellman itself: nobody has one, and OpenSSL has dropped them in 2016. */
const isStaticDh = (suite: number): boolean => /^TLS_(?:DH|ECDH)_(?:RSA|ECDSA)_/.test(suites.get(suite) ?? "");
const withKey = (suite: number): boolean => !isStaticDh(suite);

export const brokenSuites = ofKind("broken").filter(withKey);
export const anonymousSuites = ofKind("anonymous");
export const weakSuites = ofKind("weak").filter(withKey);
/** Offered where there is room left, the least broken last; no refusal is waited for. */
export const staticDhSuites = ofKind("broken", "weak").filter(isStaticDh);
export const goodSuites = ofKind("good");

export const isDhe = (suite: number): boolean => suites.get(suite)?.startsWith("TLS_DHE_") === true;
const phaseOut = ofKind("phase-out");
/** Finite-field ones first: where the client's order counts, the answer shows the server's prime. */
export const phaseOutSuites = [...phaseOut.filter(isDhe), ...phaseOut.filter((suite) => !isDhe(suite))];
export const dheSuites = phaseOut.filter(isDhe);

/** With AES or better: what sound and not so new programs offer. */
const common = phaseOut.filter((suite) => !/_ARIA_|_CAMELLIA_|_SEED_/.test(suites.get(suite) ?? ""));
export const ecdheSuites = [...goodSuites, ...common.filter((suite) => !isDhe(suite))];
/** In the order of preference that today's clients have, static RSA last. */
export const commonSuites = [
  ...ecdheSuites,
  ...common.filter(isDhe),
  ...weakSuites.filter((suite) => /^TLS_RSA_WITH_AES_(128|256)_(GCM|CBC)/.test(suites.get(suite) ?? "")),
];

export const isCbc = (suite: number): boolean => suites.get(suite)?.includes("_CBC_") === true;

/** All that clients of the time before TLS 1.2 had. */
export const oldSuites: readonly number[] = [...suites]
  .filter(([, name]) => !/_anon_|_NULL_|EXPORT|_SHA256$|_SHA384$|_CCM|_(?:DH|ECDH)_(?:RSA|ECDSA)_/.test(name))
  .map(([suite]) => suite);
