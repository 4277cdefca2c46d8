// Whether clients trust chains without importing anything: they come from an ACME CA, and lead to roots of this system.
import type { IssuerKind } from "../domain/certificate-config.ts";
import { leadsTo } from "../domain/trust.ts";
import type { World } from "./world.ts";

/** `chains`: PEM, each with its leaf first. Our own root may have been put among the system's: that makes it no public CA. */
export const isPubliclyTrusted = async (
  world: Pick<World, "systemRoots" | "now">,
  issuer: IssuerKind,
  chains: readonly (readonly string[])[],
): Promise<boolean> => {
  if (issuer !== "acme") return false;
  const roots = await world.systemRoots();
  return chains.every((chain) => leadsTo(chain, roots, world.now()));
};
