// What a server sends behind a leaf: up to the present root, or, while an earlier one is still trusted somewhere, over its signature up to that.
import { permits } from "../../domain/name-constraints.ts";
import type { Authority, RootSet } from "./authority.ts";

export interface ServedChain {
  /** PEM, the leaf's issuer first. */
  readonly chain: readonly string[];
  /** The first end of what stands in it: the leaf ends no later. */
  readonly until: Date;
}

/** An earlier root that ends sooner is not led to any more: whoever has not imported the new one has been told for years. */
const leastLeftMs = 30 * 86_400_000;

/** Its signature helps somebody: it has begun, does not end soon, and may certify all of the names. */
export const vouches = ({ facts, constraints }: RootSet, names: readonly string[], now: Date): boolean =>
  facts.notBefore <= now &&
  facts.notAfter.getTime() - now.getTime() > leastLeftMs &&
  names.every((name) => permits(constraints, name));

/**
 * The root ends it, for DANE-TA wants it served (RFC 7671 §5.2.2). With a cross certificate on the way the new root is not sent: its key is, in the cross
 * certificate, so that a TLSA record `2 1 1` of either root is satisfied.
 */
export const servedChain = (authority: Authority, names: readonly string[], now: Date): ServedChain => {
  const chain: string[] = authority.issuing === undefined ? [] : [authority.issuing];
  const ends = [authority.signer.facts.notAfter];
  let top: RootSet = authority;
  for (const older of authority.older) {
    if (top.cross === undefined || !vouches(older, names, now)) break;
    chain.push(top.cross);
    ends.push(older.facts.notAfter);
    top = older;
  }
  return { chain: [...chain, top.root], until: new Date(Math.min(...ends.map((end) => end.getTime()))) };
};
