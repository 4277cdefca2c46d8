// The blocks that give certain addresses and services of a Dovecot a certificate of their own, with those by name around which they stand.
import { type ServiceName, serviceOf } from "../../domain/places.ts";
import { escapes } from "../../system/templates.ts";
import type { Listener, PlacedCertificate, ServedCertificate } from "../server.ts";
import type { NameBlock } from "./blocks.ts";
import { type Generation, tlsSettings, wantedSettings } from "./generation.ts";

/** What Dovecot calls a service in `protocol NAME {}`: one word for 465 and 587. */
const protocolOf: Readonly<Partial<Record<ServiceName, string>>> = {
  imap: "imap",
  pop3: "pop3",
  lmtp: "lmtp",
  managesieve: "sieve",
  submission: "submission",
  submissions: "submission",
};

export interface DovecotPlaces {
  /** By address. */
  readonly whole: ReadonlyMap<string, ServedCertificate>;
  /** By address, then by protocol. */
  readonly partial: ReadonlyMap<string, ReadonlyMap<string, ServedCertificate>>;
  /** By protocol, at every address. */
  readonly everywhere: ReadonlyMap<string, ServedCertificate>;
}

/** Services as this Dovecot offers them; for pasting nobody knows, and all are taken to be there. */
export type Offered = ReadonlySet<ServiceName> | undefined;

export const offeredBy = (listeners: readonly Listener[]): Offered =>
  new Set(listeners.flatMap((listener) => serviceOf(listener) ?? []));

/** The protocols of these services that are there, each with all of its services. */
const protocolsOf = (services: readonly ServiceName[], offered: Offered): readonly string[] => {
  const words = new Set(services.flatMap((service) => protocolOf[service] ?? []));
  return [...words].filter((word) => {
    const all = (Object.keys(protocolOf) as ServiceName[]).filter((service) => protocolOf[service] === word);
    const there = offered ? all.filter((service) => offered.has(service)) : [];
    return offered === undefined || (there.length > 0 && there.every((service) => services.includes(service)));
  });
};

export const dovecotPlaces = (placed: readonly PlacedCertificate[], offered: Offered): DovecotPlaces => {
  const whole = new Map<string, ServedCertificate>();
  const partial = new Map<string, Map<string, ServedCertificate>>();
  const everywhere = new Map<string, ServedCertificate>();
  for (const { places, ...certificate } of placed) {
    const protocols = places.services && protocolsOf(places.services, offered);
    for (const address of places.addresses ?? []) {
      if (!protocols && !whole.has(address)) whole.set(address, certificate);
      if (!protocols || protocols.length === 0) continue;
      const at = partial.get(address) ?? new Map<string, ServedCertificate>();
      for (const protocol of protocols) if (!at.has(protocol)) at.set(protocol, certificate);
      partial.set(address, at);
    }
    if (!places.addresses)
      for (const protocol of protocols ?? []) if (!everywhere.has(protocol)) everywhere.set(protocol, certificate);
  }
  return { whole, partial, everywhere };
};

export const addressesIn = ({ whole, partial }: Pick<DovecotPlaces, "whole" | "partial">): readonly string[] => [
  ...new Set([...whole.keys(), ...partial.keys()]),
];

export const isEmpty = (places: DovecotPlaces): boolean =>
  places.everywhere.size === 0 && addressesIn(places).length === 0;

/** Whose a connection is; undefined: that of everybody, or of the name it asks for. */
export const placedAt = (
  { whole, partial, everywhere }: DovecotPlaces,
  address: string | undefined,
  protocol: string | undefined,
): ServedCertificate | undefined =>
  (address === undefined || protocol === undefined ? undefined : partial.get(address)?.get(protocol)) ??
  (address === undefined ? undefined : whole.get(address)) ??
  (protocol === undefined ? undefined : everywhere.get(protocol));

type Lines = readonly string[];

const block = (header: string, ...inside: readonly Lines[]): Lines => [
  `${header} {`,
  ...inside.flat().map((line) => `  ${line}`),
  "}",
];

const settings = (certificate: ServedCertificate, generation: Generation): Lines => {
  const wanted = wantedSettings(certificate, generation);
  return tlsSettings.map((setting) => {
    const path = wanted[setting].replace(/^</, "");
    const value = path === "" ? "" : generation.fileValue(escapes.dovecot(path));
    return `${generation.names[setting]} = ${value}`.trimEnd();
  });
};

const protocolBlocks = (of: ReadonlyMap<string, ServedCertificate>, generation: Generation): Lines =>
  [...of].flatMap(([protocol, certificate]) => block(`protocol ${protocol}`, settings(certificate, generation)));

export interface BlocksInput {
  readonly places: DovecotPlaces;
  /** In the order of the generation. */
  readonly names: readonly NameBlock[];
  /** Of this host. */
  readonly addresses: readonly string[];
}

/**
 * `local_name` before `local`: 2.4 takes the last block that matches, and at an address of its own everybody gets its certificate. 2.3 gives no connection
 * to whom a block of each kind is for (tried on 2.3.19: "Conflict in setting ssl_cert"): there the names go into a `local` block for each other address.
 */
export const placeBlocks = ({ places, names, addresses }: BlocksInput, generation: Generation): Lines => {
  const nameBlocks = names.flatMap(({ host, certificate }) =>
    block(
      `local_name ${escapes.dovecot(host)}`,
      settings(certificate, generation),
      protocolBlocks(places.everywhere, generation),
    ),
  );
  const own = addressesIn(places);
  const split = generation.version === "2.3" && own.length > 0 && names.length > 0;
  const others = split ? addresses.filter((address) => !own.includes(address)) : [];
  return [
    ...(split ? others.flatMap((address) => block(`local ${escapes.dovecot(address)}`, nameBlocks)) : nameBlocks),
    ...protocolBlocks(places.everywhere, generation),
    ...own.flatMap((address) => {
      const whole = places.whole.get(address);
      return block(
        `local ${escapes.dovecot(address)}`,
        whole ? settings(whole, generation) : [],
        protocolBlocks(places.partial.get(address) ?? new Map(), generation),
      );
    }),
  ];
};
