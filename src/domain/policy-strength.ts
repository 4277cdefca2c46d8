// Whether a server's present TLS setting already asks for at least what a policy does: what is stricter stays, what is weaker is raised.
import { type TlsVersion, tlsVersions } from "./tls-policy.ts";

const words = (value: string, separators: RegExp): readonly string[] =>
  value.split(separators).filter((one) => one !== "");

const sameGroup: Readonly<Record<string, string>> = {
  "P-256": "prime256v1",
  secp256r1: "prime256v1",
  "P-384": "secp384r1",
  "P-521": "secp521r1",
  x25519: "X25519",
};

/** Groups of a list with colons, commas or white space between them, each by one name. */
export const groupsIn = (value: string): readonly string[] =>
  words(value, /[\s,:]+/).map((group) => sameGroup[group] ?? group);

/** A list of its own that has nothing else than the policy's groups. An empty one is the library's default, and has more. */
export const groupsAreAsStrict = (value: string, wanted: readonly string[]): boolean => {
  const groups = groupsIn(value);
  return groups.length > 0 && groups.every((group) => wanted.includes(group));
};

/** Shorthands that stand for suites of the policy alone. */
const shorthands = ["ECDHE+AESGCM", "EECDH+AESGCM", "ECDHE+CHACHA20", "EECDH+CHACHA20"];

/** An OpenSSL cipher list that has nothing else than these suites. What only takes away or sorts is passed over. */
export const suitesAreAsStrict = (value: string, wanted: readonly string[]): boolean => {
  const adding = words(value, /[\s,:]+/).filter((word) => !/^[!\-@]/.test(word));
  return adding.length > 0 && adding.every((word) => wanted.includes(word) || shorthands.includes(word));
};

const positionOf = (word: string): number => {
  const known = tlsVersions.findIndex((version) => version.toLowerCase() === word.toLowerCase());
  // Postfix 3.6 also takes numbers: 0303 is TLS 1.2.
  return known >= 0 || !/^(0x)?030[0-4]$/i.test(word) ? known : Number(word.slice(-1)) + 1;
};

/** What a list of Postfix's protocols leaves: `>=TLSv1.2`, `!SSLv2, !SSLv3`, `TLSv1.2 TLSv1.3`. undefined: not to be understood. */
export const protocolsIn = (value: string): readonly TlsVersion[] | undefined => {
  let left: readonly TlsVersion[] = tlsVersions;
  const named: number[] = [];
  for (const word of words(value, /[\s,:]+/)) {
    const match = /^(>=|<=|!)?(.+)$/.exec(word);
    const position = positionOf(match?.[2] ?? "");
    if (position < 0) return undefined;
    if (match?.[1] === undefined) named.push(position);
    left = left.filter((version) => {
      const at = tlsVersions.indexOf(version);
      if (match?.[1] === ">=") return at >= position;
      if (match?.[1] === "<=") return at <= position;
      return match?.[1] !== "!" || at !== position;
    });
  }
  return named.length === 0 ? left : left.filter((version) => named.includes(tlsVersions.indexOf(version)));
};

export const protocolsAreAsStrict = (value: string, minimum: TlsVersion): boolean => {
  const left = protocolsIn(value);
  return (
    left !== undefined &&
    left.length > 0 &&
    left.every((one) => tlsVersions.indexOf(one) >= tlsVersions.indexOf(minimum))
  );
};

/** `order`: the words of a setting from the weakest on; a word that is not among them is the weakest. */
export const isAsStrict = (order: readonly string[], value: string, wanted: string): boolean =>
  order.indexOf(value.toLowerCase()) >= order.indexOf(wanted.toLowerCase());
