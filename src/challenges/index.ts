// The registry of ACME challenges. A new one is one file, one line here, and its name in `ChallengeName`.
import { isIP } from "node:net";
import type { ChallengeName } from "../domain/certificate-config.ts";
import type { ChallengeEntry } from "./challenge.ts";

export const challenges = {
  "http-01": {
    summary: "a small web server on port 80 shows the CA a token, or the one that is there does (webroot)",
    // RFC 8555 §8.3 proves control of one host; Baseline Requirements §3.2.2.4.19 exclude wildcards.
    refuses: (name: string) => (name.startsWith("*.") ? "a wildcard cannot be proven over HTTP (http-01)" : undefined),
    load: async () => {
      const [{ createHttp01 }, { createWebroot }] = await Promise.all([import("./http-01.ts"), import("./webroot.ts")]);
      return (settings) =>
        settings.webroot === undefined ? createHttp01(settings) : createWebroot({ webroot: settings.webroot });
    },
  },
  "tls-alpn-01": {
    summary: "a handshake on port 443, for a host whose port 80 cannot be reached",
    // RFC 8737 §3, RFC 8738 §6: one host, or one address.
    refuses: (name: string) =>
      name.startsWith("*.") ? "a wildcard cannot be proven by a TLS handshake (tls-alpn-01)" : undefined,
    load: async () => (await import("./tls-alpn-01.ts")).createTlsAlpn01,
  },
  "dns-01": {
    summary: "a TXT record for each issuance, published by an updater (dns:); the one for wildcards",
    refuses: (name: string) => (isIP(name) === 0 ? undefined : "an IP address has no zone of its own (dns-01)"),
    load: async () => (await import("./dns-01.ts")).createDns01,
  },
  "dns-persist-01": {
    summary: "a standing TXT record that allows CA and account (draft)",
    refuses: (name: string) => (isIP(name) === 0 ? undefined : "an IP address has no zone of its own (dns-persist-01)"),
    load: async () => (await import("./dns-persist-01.ts")).createDnsPersist01,
  },
} satisfies Readonly<Record<ChallengeName, ChallengeEntry>>;
