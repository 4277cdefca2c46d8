// The name constraints that a private CA is made with (design §8): its domains, and no IP address unless one is asked for.
import { Failure } from "../../domain/failure.ts";
import type { NameConstraints } from "../../domain/name-constraints.ts";
import { canonicalName, isIpName, isWildcard } from "../../domain/names.ts";

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

const split = (names: readonly string[]): NameConstraints => ({
  domains: unique(names.filter((name) => !isIpName(name))),
  addresses: unique(names.filter(isIpName)),
});

/** From `ca_domains`: undefined for `["*"]`, no constraints. @throws Failure `config` for an entry that is no domain and no address. */
export const statedConstraints = (caDomains: readonly string[]): NameConstraints | undefined => {
  if (caDomains.includes("*")) return undefined;
  const entries = caDomains.map((entry) => {
    try {
      return canonicalName(entry);
    } catch (error) {
      throw new Failure("config", `ca_domains: ${(error as Error).message}`, { cause: error });
    }
  });
  const wildcard = entries.find(isWildcard);
  if (wildcard !== undefined) {
    throw new Failure("config", `ca_domains: ${wildcard} is a wildcard; a domain covers every name below it`, {
      hints: [`write ${wildcard.slice(2)}`],
    });
  }
  return split(entries);
};

/**
 * Without `ca_domains`: the registrable domain of each name of the certificate for which the CA is made. Its addresses, where it
 * has any, are permitted one by one: asking for a certificate with an address is asking for a CA that may certify it.
 */
export const defaultConstraints = async (names: readonly string[]): Promise<NameConstraints> => {
  const { registrableDomain } = await import("../registrable-domain.ts");
  const bases = names.map((name) =>
    isIpName(name) ? name : registrableDomain(isWildcard(name) ? name.slice(2) : name),
  );
  return split(bases);
};
