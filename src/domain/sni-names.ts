// Which certificate of a server stands for which name that clients ask for (SNI, RFC 6066 §3): the first that has it.
import { dnsNameMatches } from "./name-match.ts";
import { isIpName, isWildcard } from "./names.ts";

interface Named {
  readonly name: string;
  readonly names: readonly string[];
}

/**
 * By certificate name: the names that are its own there. No address is among them: clients send none (RFC 6066 §3).
 * `main`, which everybody gets who asks for no known name, comes first.
 */
export const sniNames = (main: Named | undefined, bySni: readonly Named[]): ReadonlyMap<string, readonly string[]> => {
  const taken = new Set<string>();
  const found = new Map<string, readonly string[]>();
  for (const { name, names } of main ? [main, ...bySni] : bySni) {
    const mine = names.filter((one) => !isIpName(one) && !taken.has(one));
    for (const one of mine) taken.add(one);
    found.set(name, mine);
  }
  return found;
};

/** Names of `main` below a wildcard that another certificate has: they need a word of their own, or that one would be served for them. */
export const coveredByOthers = (main: Named | undefined, bySni: readonly Named[]): readonly string[] => {
  const wildcards = [...sniNames(main, bySni)]
    .flatMap(([name, names]) => (name === main?.name ? [] : names))
    .filter(isWildcard);
  return (main?.names ?? []).filter((name) => !isIpName(name) && wildcards.some((one) => dnsNameMatches(one, name)));
};
