// Exim's TLS policy with GnuTLS: a priority string by profile for the ports of people, and no AUTH before TLS.
import type { TlsPolicy } from "../../domain/tls-policy.ts";

const versions = ["TLSv1.2", "TLSv1.3"] as const;
const ciphers = ["AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305"] as const;
const groups: Readonly<Record<string, string>> = {
  X25519: "GROUP-X25519",
  prime256v1: "GROUP-SECP256R1",
  secp384r1: "GROUP-SECP384R1",
};
export const hybridName = "GROUP-X25519-MLKEM768";

/** GnuTLS's words for a profile (gnutls_priority_init(3)); all of them are of 3.6.5 and later but for the hybrid group, which only some builds know. */
export const priorityString = (policy: TlsPolicy, hybrid: boolean): string =>
  [
    "NORMAL",
    "-VERS-ALL",
    ...versions
      .slice(versions.findIndex((one) => one === policy.minimum))
      .toReversed()
      .map((version) => `+VERS-TLS${version.slice("TLSv".length)}`),
    "-KX-ALL",
    "+ECDHE-ECDSA",
    "+ECDHE-RSA",
    "-CIPHER-ALL",
    ...ciphers.map((cipher) => `+${cipher}`),
    "-MAC-ALL",
    "+AEAD",
    "-GROUP-ALL",
    ...(hybrid ? [`+${hybridName}`] : []),
    ...policy.groups.flatMap((group) => (groups[group] === undefined ? [] : [`+${groups[group]}`])),
    "-SIGN-RSA-SHA1",
    "-SIGN-ECDSA-SHA1",
  ].join(":");

/** Half a sentence for each option. */
export const whyCiphers = (policy: TlsPolicy, hybrid: boolean): string => {
  const versionsWords =
    policy.minimum === "TLSv1.3"
      ? "TLS 1.3 only: programs of before 2019 or so are shut out"
      : "TLS 1.0 and 1.1 are forbidden here (RFC 8997), and in 1.2 what has no forward secrecy or is not authenticated goes";
  return `${versionsWords}; ${hybrid ? "post-quantum key exchange first" : "strong curves only (this TLS library has no post-quantum key exchange yet)"}`;
};
