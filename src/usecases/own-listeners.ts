// Of a server's listeners those at which one certificate is served: all but what is another one's place, or its own places alone.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { canonicalIp, isLoopback } from "../domain/ip.ts";
import { type Share, divide, placesWords, serviceOf } from "../domain/places.ts";
import { type SpotOf, spotsOf } from "../domain/spots.ts";
import type { ByPlace, Installation, Listener, Server } from "../servers/server.ts";
import type { Claim, Claims } from "./claims.ts";
import { isFor } from "./serving.ts";
import type { World } from "./world.ts";

type Spot = SpotOf<Listener>;

/** Whose the entry points of an installation are, for all certificates. */
interface Division {
  readonly id: string;
  readonly placed: readonly Claim[];
  /** By the name of the certificate; nobody's: all others'. */
  readonly won: ReadonlyMap<string | undefined, readonly Spot[]>;
  readonly torn: ReadonlyMap<string, readonly Spot[]>;
  /** How many there are of each listener that this host has now. */
  readonly here: ReadonlyMap<Listener, number>;
  /** What is left to those without places; `named`: where an address that is divided by service serves none by name. */
  readonly rest: (named: boolean) => readonly Listener[];
}

/** Addresses tried of each listener that is bound to all, once some of them are another certificate's. */
const mostOfOne = 4;

const listed = <Key, One>(map: Map<Key, One[]>, key: Key, one: One): void => {
  const known = map.get(key);
  if (known) known.push(one);
  else map.set(key, [one]);
};

/** A listener as it was where all of it is left, else one for each address; those that other machines connect to first. */
const joined = (kept: readonly Spot[], here: ReadonlyMap<Listener, number>): readonly Listener[] => {
  const left = new Map<Listener, Spot[]>();
  for (const spot of kept) listed(left, spot.listener, spot);
  return [...here].flatMap(([listener, count]) => {
    const mine = left.get(listener) ?? [];
    if (mine.length === count) return [listener];
    const inOrder = mine.toSorted((one, other) => Number(isLoopback(one.address)) - Number(isLoopback(other.address)));
    return inOrder.slice(0, mostOfOne).map(({ address }) => ({ ...listener, address }));
  });
};

const divided = (
  byPlace: ByPlace,
  { id }: Installation,
  listeners: readonly Listener[],
  placed: readonly Claim[],
  local: readonly string[],
): Division => {
  const spots = spotsOf(listeners, local, placed);
  const shares: readonly Share<Claim>[] = divide(
    placed,
    spots.map(({ listener, address }) => ({
      address,
      service: serviceOf(listener),
      together: listener.everybodys === undefined ? byPlace.together(listener, address) : undefined,
    })),
    isLoopback,
  );
  const won = new Map<string | undefined, Spot[]>();
  const torn = new Map<string, Spot[]>();
  const here = new Map<Listener, number>(listeners.map((one) => [one, 0]));
  for (const [index, spot] of spots.entries()) {
    const { winner, torn: wish } = shares[index] ?? {};
    if (wish) listed(torn, wish.name, spot);
    // An address that is somewhere else now is nobody's but of those who ask for it.
    if (!spot.away) here.set(spot.listener, (here.get(spot.listener) ?? 0) + 1);
    if (!spot.away || winner) listed(won, winner?.name, spot);
  }
  const partial = new Set(
    placed.flatMap(({ places: { addresses, services } }) => (services && addresses ? addresses : [])),
  );
  const free = won.get(undefined) ?? [];
  const made = new Map<boolean, readonly Listener[]>();
  const rest = (named: boolean): readonly Listener[] => {
    const left = made.get(named) ?? joined(named ? free.filter(({ address }) => !partial.has(address)) : free, here);
    made.set(named, left);
    return left;
  };
  return { id, placed, won, torn, here, rest };
};

/** Hundreds of certificates ask whose the listeners of one server are: found once for those that were found together, and what is claimed there. */
const divisions = new WeakMap<readonly Listener[], WeakMap<Claims, Division>>();

const divisionOf = (
  world: World,
  byPlace: ByPlace,
  installation: Installation,
  listeners: readonly Listener[],
  claims: Claims,
): Division => {
  const byClaims = divisions.get(listeners) ?? new WeakMap<Claims, Division>();
  divisions.set(listeners, byClaims);
  const known = byClaims.get(claims);
  if (known?.id === installation.id) return known;
  const placed = claims.placed.filter((one) => isClaimAt(one, installation));
  const made = divided(byPlace, installation, listeners, placed, placed.length === 0 ? [] : world.localAddresses());
  byClaims.set(claims, made);
  return made;
};

export interface OwnListeners {
  readonly listeners: readonly Listener[];
  /** What it was asked to be served at, and cannot be. */
  readonly notes: readonly Finding[];
  /** What it serves by name at one address says nothing of another. */
  readonly byAddress?: true;
}

type Named = Pick<CertificateConfig, "name" | "places">;

export const ownListeners = (
  world: World,
  { server, installation }: { readonly server: Server; readonly installation: Installation },
  listeners: readonly Listener[],
  certificate: Named,
  claims: Claims,
): OwnListeners => {
  const { byPlace } = server;
  if (!byPlace) return { listeners: certificate.places ? [] : listeners, notes: [] };
  const division = divisionOf(world, byPlace, installation, listeners, claims);
  if (division.placed.length === 0) return { listeners: certificate.places ? [] : listeners, notes: [] };
  if (!certificate.places) {
    const first = claims.others.find((one) => isFor(one, installation.server))?.name;
    const apart = byPlace.namesLeave?.(installation) === true;
    const byAddress = apart && division.placed.some(({ places: { addresses } }) => addresses !== undefined);
    const byName = first !== undefined && first !== certificate.name;
    return { listeners: division.rest(byName && apart), notes: [], ...(byAddress ? { byAddress } : {}) };
  }
  const ours = `${world.store.dir}/certificates/`;
  const mine = (division.won.get(certificate.name) ?? []).map(
    ({ listener: { ownCertificate, ...listener }, address }) => ({
      ...listener,
      address,
      // A setting of the service that names files of ours is how it is given this one.
      ...(ownCertificate === undefined || ownCertificate.includes(ours) ? {} : { ownCertificate }),
    }),
  );
  const torn = division.torn.get(certificate.name) ?? [];
  return { listeners: mine, notes: refusals(installation, torn, certificate.name, byPlace) };
};

/** One for each reason. */
const refusals = ({ id }: Installation, torn: readonly Spot[], name: string, byPlace: ByPlace): readonly Finding[] => {
  const found = new Map<string, Finding>();
  for (const { listener, address } of torn) {
    const { everybodys, service, port } = listener;
    const key = everybodys ?? service;
    if (isLoopback(address) || found.has(key)) continue;
    const { why, mend } =
      everybodys === undefined
        ? byPlace.apart(listener, address)
        : { why: everybodys, mend: `make ${name} this server's first certificate, without addresses: and services:` };
    found.set(key, {
      check: "deploy-place",
      severity: "fault",
      message: `${id}: ${name} is not served at ${address} port ${port}: ${why}`,
      hint: mend,
    });
  }
  return [...found.values()];
};

const isClaimAt = ({ servers, installations }: Claim, { id, server }: Installation): boolean =>
  isFor({ servers }, server) && (installations?.includes(id) ?? true);

/** `nobody listens there`, of the addresses and services of a certificate that no listener was found for. */
export const unheard = (world: World, { name, places }: Named, listeners: readonly Listener[]): readonly Finding[] => {
  if (!places) return [];
  const local = world.localAddresses().map((address) => canonicalIp(address) ?? address);
  const foreign = (places.addresses ?? []).filter((address) => !local.includes(address));
  const heard = new Set(listeners.flatMap((listener) => serviceOf(listener) ?? []));
  const silent = (places.services ?? []).filter((service) => !heard.has(service));
  return [
    ...(foreign.length === 0
      ? []
      : [
          {
            check: "deploy-place",
            severity: "warning",
            message: `${name}: ${foreign.join(", ")} ${foreign.length === 1 ? "is no address" : "are no addresses"} of this host, which has ${local.filter((one) => !isLoopback(one)).join(", ") || "none"}`,
            hint: "where this host stands by for another one, all is well: it has its certificate when the address comes; else correct addresses: in the configuration (`ip -brief address` shows what this host has)",
          } as const,
        ]),
    ...(silent.length === 0 || listeners.length === 0
      ? []
      : [
          {
            check: "deploy-place",
            severity: "warning",
            message: `${name}: no server of this host that it could be given to offers ${placesWords({ ...places, services: silent })}`,
            hint: "switch that service on, or take it out of services:",
          } as const,
        ]),
  ];
};
