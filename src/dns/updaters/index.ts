// The registry of DNS updaters: how a TXT record gets into a zone. A new one is one file and one line here.
import { caFileSetting, ttlSetting, urlSetting } from "./api-settings.ts";
import type { UpdaterEntry } from "./updater.ts";

const optional = (summary: string) => ({ summary, required: false, secret: false }) as const;
const token = (summary: string) => ({ summary, required: true, secret: true }) as const;
const baseUrl = (summary: string) => ({ summary, required: true, secret: false }) as const;

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
  exec: {
    summary: "a program of your own",
    settings: {
      command: { summary: "absolute path of the program", required: true, secret: false },
      timeout: optional("seconds after which it is stopped; default 60"),
    },
    load: async () => (await import("./exec.ts")).createExec,
  },
  "acme-dns": {
    summary: "acme-dns: a small name server for proofs alone",
    settings: {
      url: baseUrl("base of its API"),
      username: optional("of the registration"),
      password: { summary: "of the registration", required: false, secret: true },
      subdomain: optional("of the registration: the first label of fulldomain"),
      accounts_file: optional(
        "a JSON file of registrations, 0600, as other clients keep it; instead of the three above",
      ),
      ca_file: caFileSetting,
    },
    load: async () => (await import("./acme-dns.ts")).createAcmeDns,
  },
  cloudflare: {
    summary: "Cloudflare",
    settings: {
      api_token: token("an API token with Zone / DNS / Edit and Zone / Zone / Read for the zone"),
      zone_id: optional("of the zone, for a token without Zone / Zone / Read"),
      ttl: ttlSetting,
      url: urlSetting,
      ca_file: caFileSetting,
    },
    load: async () => (await import("./cloudflare.ts")).createCloudflare,
  },
  desec: {
    summary: "deSEC",
    settings: {
      token: token("a token that may write TXT records at the name"),
      ttl: ttlSetting,
      url: urlSetting,
      ca_file: caFileSetting,
    },
    load: async () => (await import("./desec.ts")).createDesec,
  },
  hetzner: {
    summary: "Hetzner Console (Cloud API)",
    settings: {
      api_token: token("an API token of the zone's project, Read & Write"),
      ttl: ttlSetting,
      url: urlSetting,
      ca_file: caFileSetting,
    },
    load: async () => (await import("./hetzner.ts")).createHetzner,
  },
  powerdns: {
    summary: "PowerDNS authoritative server, by its HTTP API",
    settings: {
      url: baseUrl("of the server's web server, without /api: http://127.0.0.1:8081"),
      api_key: token("the server's api-key"),
      server_id: optional("default localhost"),
      ttl: ttlSetting,
      ca_file: caFileSetting,
    },
    load: async () => (await import("./powerdns.ts")).createPowerdns,
  },
} as const satisfies Readonly<Record<string, UpdaterEntry>>;
