// The DNS room: what this host's resolver says about MX, SRV, TLSA, MTA-STS, CAA and addresses, and what authoritative servers say.
import { readFile } from "node:fs/promises";
import { type AddressSources, lookUpAddresses } from "./addresses.ts";
import { lookUpCaa, lookUpCaaEverywhere } from "./caa.ts";
import type { Dns } from "./dns.ts";
import { type AuthoritativeOptions, createAuthoritative } from "./everywhere.ts";
import { lookUpMx, lookUpService } from "./mail-routes.ts";
import { type PolicyOptions, lookUpPolicy } from "./mta-sts.ts";
import { type ResolvConf, parseResolvConf } from "./resolv-conf.ts";
import { type ResolverOptions, createResolver } from "./resolver.ts";
import { createShared } from "./shared.ts";
import { lookUpTlsa, lookUpTlsaEverywhere } from "./tlsa.ts";

export interface DnsDependencies
  extends
    ResolverOptions,
    Pick<PolicyOptions, "roots">,
    Pick<AuthoritativeOptions, "serverAt">,
    Pick<AddressSources, "ownLookUp"> {
  /** Default 443. */
  readonly policyPort?: number;
}

/** This host's own settings; without the file, those that the C library would take. Another file may name no server: then nobody is asked. */
export const readResolvConf = async (other?: string): Promise<ResolvConf> => {
  const text = await readFile(other ?? "/etc/resolv.conf", "utf8").catch(() => "");
  return other === undefined ? parseResolvConf(text) : parseResolvConf(text, []);
};

export const createDns = (dependencies: DnsDependencies): Dns => {
  const { ticks, randomId, serverAt, roots, ownLookUp, policyPort: port = 443 } = dependencies;
  const resolver = createShared(createResolver(dependencies), ticks);
  const authoritative = createAuthoritative({
    resolver,
    randomId,
    ticks,
    ...(serverAt === undefined ? {} : { serverAt }),
  });
  return {
    tlsaEverywhere: (owner, options) => lookUpTlsaEverywhere(authoritative, owner, options),
    tlsa: (host, at, options) => lookUpTlsa(resolver, host, at, options),
    mtaSts: (domain, options) => lookUpPolicy({ resolver, roots, ticks, port }, domain, options),
    mx: (domain, options) => lookUpMx(resolver, domain, options),
    service: (owner, options) => lookUpService(resolver, owner, options),
    authoritative,
    caa: (name, options) => lookUpCaa(resolver, name, options, ticks),
    caaEverywhere: (owner, options) => lookUpCaaEverywhere(authoritative, owner, options),
    addresses: (name, options) =>
      lookUpAddresses(
        { resolver, authoritative, ticks, ...(ownLookUp === undefined ? {} : { ownLookUp }) },
        name,
        options,
      ),
  };
};
