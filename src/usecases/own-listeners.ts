// Of a server's listeners those at which one certificate is served: all but what is another one's place, or its own places alone.
import { isIP } from "node:net";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { canonicalIp, isLoopback } from "../domain/ip.ts";
import { divide, placesWords, serviceOf } from "../domain/places.ts";
import type { ByPlace, Installation, Listener, Server } from "../servers/server.ts";
import type { Claim, Claims } from "./claims.ts";
import { isFor } from "./serving.ts";
import type { World } from "./world.ts";

interface Spot {
  readonly listener: Listener;
  readonly address: string;
}

const wildcards: Readonly<Record<string, number>> = { "0.0.0.0": 4, "::": 6 };

/** Every address that a listener is reached at; where it is bound to all of them and the host has none of the family, the wildcard itself. */
const spotsOf = (listeners: readonly Listener[], local: readonly string[]): readonly Spot[] =>
  listeners.flatMap((listener) => {
    const family = wildcards[listener.address];
    const all = family === undefined ? [listener.address] : local.filter((one) => isIP(one) === family);
    return (all.length > 0 ? all : [listener.address]).map((address) => ({
      listener,
      address: canonicalIp(address) ?? address,
    }));
  });

/** Addresses tried of each listener that is bound to all, once some of them are another certificate's. */
const mostOfOne = 4;

/** A listener as it was where all of it is left, else one for each address. */
const joined = (all: readonly Spot[], kept: ReadonlySet<Spot>): readonly Listener[] => {
  const found: Listener[] = [];
  for (const listener of new Set(all.map((one) => one.listener))) {
    const mine = all.filter((one) => one.listener === listener);
    const left = mine.filter((one) => kept.has(one));
    if (left.length === mine.length) found.push(listener);
    else found.push(...left.slice(0, mostOfOne).map(({ address }) => ({ ...listener, address })));
  }
  return found;
};

export interface OwnListeners {
  readonly listeners: readonly Listener[];
  /** What it was asked to be served at, and cannot be. */
  readonly notes: readonly Finding[];
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
  const placed = claims.placed.filter((one) => isClaimAt(one, installation));
  if (!byPlace) return { listeners: certificate.places ? [] : listeners, notes: [] };
  if (placed.length === 0) return { listeners, notes: [] };
  const spots = spotsOf(listeners, world.localAddresses());
  const shares = divide(
    placed,
    spots.map(({ listener, address }) => ({
      address,
      service: serviceOf(listener),
      together: listener.everybodys === undefined ? byPlace.together(listener, address) : undefined,
    })),
    isLoopback,
  );
  const whose = (index: number): string | undefined => shares[index]?.winner?.name;
  if (!certificate.places) {
    const first = claims.others.find((one) => isFor(one, installation.server))?.name;
    const byName = first !== undefined && first !== certificate.name && byPlace.namesLeave?.(installation) === true;
    const partial = new Set(
      placed.flatMap(({ places: { addresses, services } }) => (byName && services && addresses ? addresses : [])),
    );
    const kept = new Set(spots.filter(({ address }, index) => whose(index) === undefined && !partial.has(address)));
    return { listeners: joined(spots, kept), notes: [] };
  }
  const ours = `${world.store.dir}/certificates/`;
  const mine = spots
    .filter((_, index) => whose(index) === certificate.name)
    .map(({ listener: { ownCertificate, ...listener }, address }) => ({
      ...listener,
      address,
      // A setting of the service that names files of ours is how it is given this one.
      ...(ownCertificate === undefined || ownCertificate.includes(ours) ? {} : { ownCertificate }),
    }));
  const torn = spots.filter((_, index) => shares[index]?.torn?.name === certificate.name);
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
  installations ? installations.includes(id) : isFor({ servers }, server);

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
            hint: "correct addresses: in the configuration, or give this host the address; `ip -brief address` shows what it has",
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
