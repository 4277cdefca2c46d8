// What the state folder says for verify: leaves of the live generations, and the roots that only this host's own certificates lead to.
import type { ExpectedLeaves } from "../checks/check.ts";
import { Failure } from "../domain/failure.ts";
import { generationOf } from "../domain/generation.ts";
import { dnsNameMatches } from "../domain/name-match.ts";
import type { GenerationRecord } from "../store/store.ts";
import { slotsOf } from "./served-certificate.ts";
import type { World } from "./world.ts";

export interface LiveCertificate {
  readonly name: string;
  readonly generation: GenerationRecord;
}

/** Every certificate with a live generation. */
export const liveCertificates = (world: Pick<World, "store">): readonly LiveCertificate[] =>
  world.store.list().flatMap((name) => {
    const state = world.store.read(name);
    const number = world.store.liveNumber(name);
    const generation = state && generationOf(state, number);
    return generation ? [{ name, generation }] : [];
  });

export const expectedOf = ({ name, generation }: LiveCertificate): ExpectedLeaves => ({
  kind: "live",
  leaves: Object.values(generation.leaves).map(({ sha256 }) => sha256),
  source: `generation ${generation.number} of ${name}`,
});

/** The live certificate that stands for `host`: rather the one with the very name than one with a wildcard. @throws Failure `data` when there is none. */
export const liveFor = (all: readonly LiveCertificate[], host: string): LiveCertificate => {
  const found =
    all.find(({ generation }) => generation.names.includes(host)) ??
    all.find(({ generation }) => generation.names.some((name) => dnsNameMatches(name, host)));
  if (found) return found;
  throw new Failure("data", `--expect live: no certificate in the state folder has the name ${host}`, {
    hints: ["`mailcert status` shows what is there; --state DIR names another folder"],
  });
};

/**
 * Roots of the private CA, and self-signed certificates of our own making: read from the public chain files,
 * so that verify works without being root.
 */
export const ownAnchors = async (
  world: Pick<World, "store" | "verifying">,
  live: readonly LiveCertificate[],
): Promise<readonly string[]> => {
  const { readCertificates } = await world.verifying();
  const found = new Set<string>();
  for (const certificate of live) {
    if (certificate.generation.issuer === "acme") continue;
    for (const paths of Object.values(world.store.livePaths(certificate.name, slotsOf(certificate.generation)))) {
      const chain = await readCertificates(paths.fullchain);
      const root = chain.at(-1);
      if (root !== undefined) found.add(root);
    }
  }
  return [...found];
};
