// What a setting is when neither the configuration nor a flag says it. docs/configuration.md lists the same values; a test compares them.
import type { ChallengeName } from "./certificate-config.ts";
import type { KeyAlgorithm } from "./keys.ts";

export const defaults = {
  issuer: "private-ca",
  key: ["ecdsa"] as readonly KeyAlgorithm[],
  agree_tos: false,
  challenge: ["http-01"] as readonly ChallengeName[],
  http_address: ":80",
  tls_alpn_address: ":443",
  reuse_key: true,
  on_dead_name: "fail" as const,
  /** Below Apple's 398 days for public roots and far below the 825 that it applies to every root (support.apple.com/103769). */
  days: 397,
  ca: "default",
  servers: "auto" as const,
} as const;

/** The challenge types that can be chosen. */
export const workingChallenges: readonly ChallengeName[] = ["http-01", "tls-alpn-01", "dns-01", "dns-persist-01"];

/** What `dns:` and `--dns` take: the name of a file in `secrets/`. */
export const dnsName = /^[a-z0-9][a-z0-9.-]{0,62}$/;

/** Apple devices refuse a leaf that is valid for longer, whoever signed it. */
export const mostDays = 825;
