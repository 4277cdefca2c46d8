// The certificates of this host that are for certain entry points only, and are served there.
import { isDeepStrictEqual } from "node:util";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { Placed, Places } from "../domain/places.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

export interface Claim extends Placed {
  /** It goes on being served by these alone: it left the configuration, or a renewal of it waits. Absent: by all that it is configured for. */
  readonly installations?: readonly string[];
  readonly servers: CertificateConfig["servers"];
}

/** What of a host says whose an entry point is. */
export interface Claims {
  readonly placed: readonly Claim[];
  /** Those that are for everybody or by name, in their order: a server's first is everybody's. */
  readonly others: readonly Pick<CertificateConfig, "name" | "servers" | "csr">[];
}

type Configured = Pick<CertificateConfig, "name" | "servers" | "csr"> & { readonly places?: Places };

/**
 * Where it is served, as `servingOn` gives it to servers: what was issued and is held back, or was taken out, leaves its places to the others, and what
 * those serve there is looked at.
 */
const claimOf = (world: World, { name, servers, places }: Configured): readonly Claim[] => {
  const state = places && readableState(world, name);
  if (!places || !state || state.parked === true || !liveGeneration(world, name, state)) return [];
  const claim = { name, places, servers };
  return [state.stage === "staged" ? { ...claim, installations: Object.keys(state.deployments) } : claim];
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

interface Known {
  readonly configured: readonly Configured[];
  readonly claims: Claims;
  /** With certificates of a run: by the list of them. */
  readonly with: WeakMap<object, Claims>;
}

const look = async (world: World): Promise<Known> => {
  const read = await unlessFailure(() => world.config.read());
  const configured: readonly Configured[] = read instanceof Failure ? [] : (read?.certificates ?? []);
  const placed = configured.flatMap((one) => claimOf(world, one));
  const left = leftBehind(world, new Set(configured.map(({ name }) => name)));
  const others = configured.filter(({ places }) => !places);
  return { configured, claims: { placed: [...placed, ...left], others }, with: new WeakMap() };
};

/** Of a run over many certificates: found once until a state is written (remember-looks.ts). */
const memories = new WeakMap<World, { known?: Promise<Known> }>();

export const rememberClaims = (world: World): World => {
  const memory: { known?: Promise<Known> } = {};
  const forgetting =
    <Args extends readonly unknown[]>(change: (...args: Args) => Promise<void>) =>
    async (...args: Args): Promise<void> => {
      delete memory.known;
      await change(...args);
      delete memory.known;
    };
  const { store: given } = world;
  const store: World["store"] = {
    ...given,
    write: forgetting((state) => given.write(state)),
    switchLive: forgetting((name, number) => given.switchLive(name, number)),
  };
  const remembering: World = { ...world, store };
  memories.set(remembering, memory);
  return remembering;
};

const knownTo = (world: World): Promise<Known> => {
  const memory = memories.get(world);
  return memory ? (memory.known ??= look(world)) : look(world);
};

const nobody: readonly Configured[] = [];

/** `about`: those of this look, which count as they are given, whatever stands in the configuration. The same answer for the same list. */
export const claimsOf = async (world: World, about: readonly Configured[] = nobody): Promise<Claims> => {
  const known = await knownTo(world);
  const made = known.with.get(about) ?? including(known, about);
  known.with.set(about, made);
  return made;
};

/** Of a certificate that has what it asks for, nothing new: everything found for the others holds. */
const including = ({ configured, claims }: Known, about: readonly Configured[]): Claims => {
  const placed = new Map(claims.placed.map((one) => [one.name, one]));
  const others = new Map(claims.others.map((one) => [one.name, one]));
  const isAsKnown = ({ name, places, servers }: Configured): boolean => {
    const claim = placed.get(name);
    const entry = places ? claim : others.get(name);
    const isSame =
      entry !== undefined && isDeepStrictEqual(entry.servers, servers) && claim?.installations === undefined;
    return isSame && isDeepStrictEqual(claim?.places, places);
  };
  if (about.every(isAsKnown)) return claims;
  const given = new Map(about.map((one) => [one.name, one]));
  const order = configured.map((one) => given.get(one.name) ?? one);
  const names = new Set(order.map(({ name }) => name));
  const all = [...order, ...about.filter(({ name }) => !names.has(name))];
  return {
    placed: [
      ...all.flatMap(({ name, places, servers }) => {
        if (given.has(name)) return places ? [{ name, places, servers }] : [];
        return placed.get(name) ?? [];
      }),
      ...claims.placed.filter(({ name }) => !names.has(name) && !given.has(name)),
    ],
    others: all.filter(({ places }) => !places),
  };
};
