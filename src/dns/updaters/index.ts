// The registry of DNS updaters: how a TXT record gets into a zone. A new one is one file and one line here.
import type { UpdaterEntry } from "./updater.ts";

export const updaters = {
  rfc2136: {
    summary: "DNS UPDATE signed with TSIG: BIND, Knot, PowerDNS and others",
    settings: {
      server: {
        summary: "address of the zone's primary server, with :PORT where it is not 53",
        required: true,
        secret: false,
      },
      key_name: { summary: "name of the TSIG key", required: false, secret: false },
      key_algorithm: { summary: "hmac-sha256 (default), hmac-sha384 or hmac-sha512", required: false, secret: false },
      key_secret: { summary: "the TSIG key in base64", required: false, secret: true },
      key_file: {
        summary: "a key file as tsig-keygen writes it, 0600; instead of the three above",
        required: false,
        secret: false,
      },
      zone: { summary: "the zone to change; default: the one that the name is in", required: false, secret: false },
      ttl: { summary: "of the record, in seconds; default 60", required: false, secret: false },
    },
    load: async () => (await import("./rfc2136.ts")).createRfc2136,
  },
} as const satisfies Readonly<Record<string, UpdaterEntry>>;
