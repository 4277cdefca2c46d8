// The certificates of this host that are for certain entry points only, and have something to serve there.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { targetOf } from "../domain/generation.ts";
import type { Placed, Places } from "../domain/places.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface Claim extends Placed {
  /** It left the configuration, and goes on being served by these installations; absent: by those that it is configured for. */
  readonly installations?: readonly string[];
  readonly servers: CertificateConfig["servers"];
}

/** What of a host says whose an entry point is. */
export interface Claims {
  readonly placed: readonly Claim[];
  /** Those that are for everybody or by name, in their order: a server's first is everybody's. */
  readonly others: readonly Pick<CertificateConfig, "name" | "servers" | "csr">[];
}

/** One that was taken out, or was never issued, leaves its places to the others. */
const claims = (world: World, name: string): boolean => {
  const state = readableState(world, name);
  return state !== undefined && state.parked !== true && targetOf(state) !== undefined;
};

/** Out of the configuration, and not taken out of the servers. */
const leftBehind = (world: World, known: ReadonlySet<string>): readonly Claim[] =>
  world.store
    .list()
    .filter((name) => !known.has(name))
    .flatMap((name) => {
      const placed = Object.entries(readableState(world, name)?.deployments ?? {}).flatMap(([id, { places }]) =>
        places ? [{ id, places }] : [],
      );
      const [first] = placed;
      return first
        ? [{ name, places: first.places, servers: "auto" as const, installations: placed.map(({ id }) => id) }]
        : [];
    });

/** `about`: the certificate of this look, which counts as it is given, whatever stands in the configuration. */
export const claimsOf = async (
  world: World,
  about?: Pick<CertificateConfig, "name" | "servers"> & { readonly places?: Places },
): Promise<Claims> => {
  const read = await unlessFailure(() => world.config.read());
  const configured = read instanceof Failure ? [] : (read?.certificates ?? []);
  const all = [
    ...configured.map((one) => (one.name === about?.name ? { ...one, ...about } : one)),
    ...(about && !configured.some(({ name }) => name === about.name) ? [about] : []),
  ];
  const placed = all.flatMap(({ name, places, servers }) =>
    places && (name === about?.name || claims(world, name)) ? [{ name, places, servers }] : [],
  );
  const known = new Set(all.map(({ name }) => name));
  return { placed: [...placed, ...leftBehind(world, known)], others: all.filter(({ places }) => !places) };
};
