// Where clients reach a listener: each address of this host, and those that a certificate is for and this host may get.
import { isIP } from "node:net";
import { canonicalIp, isLoopback } from "./ip.ts";
import type { Placed } from "./places.ts";

export interface SpotOf<One> {
  readonly listener: One;
  /** Canonical. */
  readonly address: string;
  /** Bound to all addresses, and this one is not this host's now. */
  readonly away: boolean;
}

const wildcards: Readonly<Record<string, number>> = { "0.0.0.0": 4, "::": 6 };

const canonical = (address: string): string => canonicalIp(address) ?? address;

/**
 * Of a listener that is bound to all addresses, every one; the wildcard itself where the host has none of the family. The address of a certificate of its own
 * counts wherever it is just now: the machine that stands by (keepalived, CARP) has the same settings, and gets the address when nobody is there to deploy.
 */
export const spotsOf = <One extends { readonly address: string }>(
  listeners: readonly One[],
  local: readonly string[],
  placed: readonly Pick<Placed, "places">[],
): readonly SpotOf<One>[] => {
  const here = new Set(local.map(canonical));
  const every = [...new Set([...here, ...placed.flatMap(({ places: { addresses } }) => addresses ?? [])])];
  return listeners.flatMap((listener) => {
    const family = wildcards[listener.address];
    const all = family === undefined ? [] : every.filter((one) => isIP(one) === family);
    return all.length > 0
      ? all.map((address) => ({ listener, address, away: !here.has(address) }))
      : [{ listener, address: canonical(listener.address), away: false }];
  });
};

/** A listener is bound to an address that this host does not have now: whoever connects there reaches another machine, or nobody. */
export const isAway = (address: string, local: readonly string[]): boolean =>
  wildcards[address] === undefined &&
  !isLoopback(address) &&
  !local.some((one) => canonical(one) === canonical(address));

export const awayWords = (address: string): string => `this host does not have the address ${address} now`;
