// The DNS room: what this host's resolver says about TLSA and MTA-STS.
import { readFile } from "node:fs/promises";
import type { Dns } from "./dns.ts";
import { type PolicyOptions, lookUpPolicy } from "./mta-sts.ts";
import { type ResolvConf, parseResolvConf } from "./resolv-conf.ts";
import { type ResolverOptions, createResolver } from "./resolver.ts";
import { createShared } from "./shared.ts";
import { lookUpTlsa } from "./tlsa.ts";

export interface DnsDependencies extends ResolverOptions, Pick<PolicyOptions, "roots"> {
  /** Default 443. */
  readonly policyPort?: number;
}

/** This host's own settings; without the file, those that the C library would take. */
export const readResolvConf = async (path = "/etc/resolv.conf"): Promise<ResolvConf> =>
  parseResolvConf(await readFile(path, "utf8").catch(() => ""));

export const createDns = (dependencies: DnsDependencies): Dns => {
  const { ticks, roots, policyPort: port = 443 } = dependencies;
  const resolver = createShared(createResolver(dependencies), ticks);
  return {
    tlsa: (host, at, options) => lookUpTlsa(resolver, host, at, options),
    mtaSts: (domain, options) => lookUpPolicy({ resolver, roots, ticks, port }, domain, options),
  };
};
