// Which certificate everybody gets at which entry point of a host: by the address that clients connect to, by the service, or by both.
import type { Mode, ProtocolName } from "./entry-point.ts";

/** As Postfix's master.cf and Dovecot's `protocol` blocks call them (RFC 6335's names; imap and pop3 stand for both of their ports). */
export const serviceNames = ["smtp", "submission", "submissions", "imap", "pop3", "lmtp", "managesieve"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** At least one of the two. Both: these services at these addresses. */
export interface Places {
  /** Canonical addresses of this host. */
  readonly addresses?: readonly string[];
  readonly services?: readonly ServiceName[];
}

export interface Placed {
  readonly name: string;
  readonly places: Places;
}

/** One entry point of a host. */
export interface Spot {
  readonly address: string;
  /** undefined: nothing that a certificate could be for by service. */
  readonly service: ServiceName | undefined;
}

const byProtocol: Partial<Record<ProtocolName, ServiceName>> = {
  smtp: "smtp",
  imap: "imap",
  pop3: "pop3",
  lmtp: "lmtp",
  sieve: "managesieve",
};

/** 587 and 465 are two services, whatever a server makes of them. */
export const serviceOf = ({
  protocol,
  mode,
}: {
  readonly protocol: ProtocolName;
  readonly mode: Mode;
}): ServiceName | undefined =>
  protocol === "submission" ? (mode === "implicit" ? "submissions" : "submission") : byProtocol[protocol];

/** How closely they describe a spot: 3 by address and service, 2 by address, 1 by service; 0: not at all. */
const closeness = ({ addresses, services }: Places, { address, service }: Spot): number => {
  if (addresses && !addresses.includes(address)) return 0;
  if (services && !(service && services.includes(service))) return 0;
  return (addresses ? 2 : 0) + (services ? 1 : 0);
};

/** The first of several that say the same. */
const first = <Key, One>(map: Map<Key, One>, key: Key, one: One): void => void (map.has(key) || map.set(key, one));

/**
 * Whose each spot is: of several, the one that describes it most closely. undefined: nobody's, and it is served as everywhere else.
 * Hundreds have an address each, and hundreds of addresses are asked about: none is compared with all.
 */
export const winners = <One extends Pick<Placed, "places">>(
  placed: readonly One[],
): ((spot: Spot) => One | undefined) => {
  const closest = new Map<string, One>();
  const byAddress = new Map<string, One>();
  const byService = new Map<ServiceName, One>();
  for (const one of placed) {
    const { addresses, services } = one.places;
    for (const service of addresses ? [] : (services ?? [])) first(byService, service, one);
    for (const address of addresses ?? []) {
      if (!services) first(byAddress, address, one);
      for (const service of services ?? []) first(closest, `${service} ${address}`, one);
    }
  }
  return ({ address, service }) =>
    (service && closest.get(`${service} ${address}`)) ?? byAddress.get(address) ?? (service && byService.get(service));
};

const shared = <Item>(a: readonly Item[] | undefined, b: readonly Item[] | undefined): readonly Item[] | undefined =>
  a && b && a.filter((one) => b.includes(one));

/** `192.0.2.11`, `imap and pop3`, `imap at 192.0.2.11 and 2001:db8::11`. */
export const placesWords = ({ addresses, services }: Places): string => {
  const at = addresses?.join(" and ");
  const what = services?.join(" and ");
  return what === undefined ? (at ?? "") : at === undefined ? what : `${what} at ${at}`;
};

/** What both describe equally closely, in words; undefined: one of them wins everywhere, or they never meet. */
export const clashOf = (a: Places, b: Places): string | undefined => {
  if ((a.addresses === undefined) !== (b.addresses === undefined)) return undefined;
  if ((a.services === undefined) !== (b.services === undefined)) return undefined;
  const addresses = shared(a.addresses, b.addresses);
  const services = shared(a.services, b.services);
  if (addresses?.length === 0 || services?.length === 0) return undefined;
  return placesWords({ ...(addresses ? { addresses } : {}), ...(services ? { services } : {}) });
};

/** A spot, and the key of those that can have one certificate together only; undefined: it has everybody's, always. */
export interface Divisible extends Spot {
  readonly together: string | undefined;
}

export interface Share<One> {
  readonly winner?: One;
  /** One that describes the spot more closely, and cannot have it: it is only for a part of what has one certificate together. */
  readonly torn?: One;
}

/** Whose each spot is, in their order. */
export const divide = <One extends Placed>(
  placed: readonly One[],
  spots: readonly Divisible[],
  isLoopback: (address: string) => boolean,
): readonly Share<One>[] => {
  const groups = new Map<string, Divisible[]>();
  for (const spot of spots) {
    if (spot.together === undefined) continue;
    const group = groups.get(spot.together) ?? [];
    group.push(spot);
    groups.set(spot.together, group);
  }
  const winnerAt = winners(placed);
  const whole = new Map(
    [...groups].map(([together, group]) => [together, winnerOfAll(placed, winnerAt, group, isLoopback)]),
  );
  return spots.map((spot) => {
    const wish = winnerAt(spot);
    const winner = spot.together === undefined ? undefined : whole.get(spot.together);
    return { ...(winner ? { winner } : {}), ...(wish && wish !== winner ? { torn: wish } : {}) };
  });
};

/** Of one group: what is for a part of it only steps back, until one is for all of it, or none. */
const winnerOfAll = <One extends Placed>(
  placed: readonly One[],
  winnerOf: (spot: Spot) => One | undefined,
  group: readonly Divisible[],
  isLoopback: (address: string) => boolean,
): One | undefined => {
  // What listens on loopback as well is a part that nobody from elsewhere sees.
  const open = group.filter(({ address }) => !isLoopback(address));
  const counted = open.length > 0 ? open : group;
  let [left, winnerAt] = [placed, winnerOf];
  for (;;) {
    const wishes = counted.map((spot) => ({ spot, one: winnerAt(spot) }));
    const [any] = wishes;
    if (wishes.every(({ one }) => one === any?.one)) return any?.one;
    const closest = Math.max(...wishes.map(({ spot, one }) => (one ? closeness(one.places, spot) : 0)));
    const back = new Set(
      wishes.flatMap(({ spot, one }) => (one && closeness(one.places, spot) === closest ? [one] : [])),
    );
    left = left.filter((one) => !back.has(one));
    winnerAt = winners(left);
  }
};
