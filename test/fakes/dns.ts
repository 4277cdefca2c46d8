// A host without any name server.
import type { Authoritative } from "../../src/dns/authoritative.ts";
import type { Dns, Unknown } from "../../src/dns/dns.ts";

const nobody = async (): Promise<Unknown> => ({ kind: "unknown", why: "no name server can be reached" });

export const noAuthority: Authoritative = { zoneOf: nobody, follow: nobody, askAll: nobody };

export const noDns: Dns = {
  tlsaEverywhere: async () => [],
  tlsa: nobody,
  mtaSts: nobody,
  mx: nobody,
  service: nobody,
  caa: nobody,
  caaEverywhere: async () => [],
  addresses: nobody,
  authoritative: noAuthority,
};
