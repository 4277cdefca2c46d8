// Follows a name to where it leads and asks every address of every name server there; what each said, side by side.
import { clean } from "../domain/text.ts";
import { recordsOf } from "./alias.ts";
import { type AskServerOptions, askServer } from "./ask-server.ts";
import type {
  Authoritative,
  Destination,
  Everywhere,
  KnownType,
  RecordOf,
  ServerReply,
  Zone,
} from "./authoritative.ts";
import type { AskOptions, Unknown } from "./dns.ts";
import type { NameServer } from "./resolv-conf.ts";
import type { Resolver } from "./resolver.ts";
import { findZone, plain } from "./zone.ts";

export interface AuthoritativeOptions extends Pick<AskServerOptions, "randomId" | "ticks"> {
  /** This host's: for where zones are. */
  readonly resolver: Resolver;
  /** Where a name server with this address is asked: its port 53; tests have other places. */
  readonly serverAt?: (address: string) => NameServer;
}

const mostAliases = 8;

/** It goes into updates, settings of providers and messages: nothing but letters, digits, hyphens and underscores will do. */
const isPlainName = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(name);

/** This host cannot reach such an address, whoever has it. */
const noWayCodes = new Set(["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);

const phrases: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  EHOSTUNREACH: "no way to this host",
};

const failed = (error: unknown): { readonly kind: "failed"; readonly why: string; readonly noWay: boolean } => {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const noWay = noWayCodes.has(code);
  return { kind: "failed", why: noWay ? "this host has no way to such addresses" : (phrases[code] ?? message), noWay };
};

interface Seat {
  readonly server: string;
  readonly address?: string;
}

/** Every address once: two names at one address are one server. */
const seats = ({ servers }: Zone): readonly Seat[] => {
  const taken = new Set<string>();
  return servers.flatMap(({ name, addresses }): readonly Seat[] => {
    if (addresses.length === 0) return [{ server: name }];
    const fresh = addresses.filter((address) => !taken.has(address));
    for (const address of fresh) taken.add(address);
    return fresh.map((address) => ({ server: name, address }));
  });
};

export const createAuthoritative = ({
  resolver,
  randomId,
  ticks,
  serverAt = (address) => ({ address, port: 53 }),
}: AuthoritativeOptions): Authoritative => {
  const askSeat = async <Type extends KnownType>(
    seat: Seat,
    name: string,
    type: Type,
    options: AskOptions,
  ): Promise<ServerReply<Type>> => {
    if (seat.address === undefined)
      return { ...seat, kind: "failed", why: "its name has no address that could be found", noWay: false };
    try {
      const server = serverAt(seat.address);
      const { rcode, answers, authoritative } = await askServer(
        server,
        { name, type },
        { ...options, randomId, ticks },
      );
      if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { ...seat, kind: "failed", why: rcode, noWay: false };
      if (!authoritative)
        return { ...seat, kind: "failed", why: "it does not have the zone (lame delegation)", noWay: false };
      const records = recordsOf(name, type, answers) as readonly RecordOf<Type>[];
      return { ...seat, kind: "answered", records, answers };
    } catch (error) {
      return { ...seat, ...failed(error) };
    }
  };

  /** Where an alias leads, from whichever server says so first; undefined where the name is none. */
  const aliasOf = async (name: string, zone: Zone, options: AskOptions): Promise<string | undefined | Unknown> => {
    const enough = new AbortController();
    const signal = AbortSignal.any([options.signal, enough.signal]);
    const said: string[] = [];
    try {
      return await Promise.any(
        seats(zone).map(async (seat) => {
          const reply = await askSeat(seat, name, "CNAME", { ...options, signal });
          if (reply.kind === "failed") {
            said.push(`${seat.server}${seat.address === undefined ? "" : ` (${seat.address})`}: ${reply.why}`);
            throw new Error(reply.why);
          }
          const alias = reply.answers.find((answer) => answer.type === "CNAME" && plain(answer.name) === plain(name));
          return alias?.type === "CNAME" ? plain(alias.data) : undefined;
        }),
      );
    } catch {
      const shown = said.slice(0, 4).join("; ");
      return { kind: "unknown", why: `no name server of ${zone.apex} answered (${shown})` };
    } finally {
      enough.abort();
    }
  };

  const within = ({ timeoutMs, signal }: AskOptions): (() => AskOptions) => {
    const until = ticks() + timeoutMs;
    return () => ({ timeoutMs: Math.max(1, until - ticks()), signal });
  };

  const followWithin = async (name: string, left: () => AskOptions): Promise<Destination | Unknown> => {
    const aliases: string[] = [];
    let owner = plain(name);
    for (;;) {
      const zone = await findZone(resolver, owner, left());
      if (zone.kind === "unknown") return zone;
      const target = await aliasOf(owner, zone, left());
      if (target === undefined) return { kind: "destination", owner, zone, aliases };
      if (typeof target !== "string") return target;
      if (!isPlainName(target))
        return {
          kind: "unknown",
          why: `${owner} is an alias of "${clean(target, 100)}", which is no name to publish at`,
        };
      aliases.push(owner);
      if (aliases.includes(target))
        return {
          kind: "unknown",
          why: `the aliases of ${name} lead in a circle: ${[...aliases, target].join(" -> ")}`,
        };
      if (aliases.length > mostAliases)
        return { kind: "unknown", why: `${name} leads through more than ${mostAliases} aliases` };
      owner = target;
    }
  };

  const askAll = async <Type extends KnownType>(
    name: string,
    type: Type,
    options: AskOptions,
  ): Promise<Everywhere<Type> | Unknown> => {
    const left = within(options);
    const destination = await followWithin(name, left);
    if (destination.kind === "unknown") return destination;
    const { owner, zone } = destination;
    const replies = await Promise.all(seats(zone).map((seat) => askSeat(seat, owner, type, left())));
    return { kind: "asked", owner, zone: zone.apex, replies };
  };

  return {
    zoneOf: (name, options) => findZone(resolver, name, options),
    follow: (name, options) => followWithin(name, within(options)),
    askAll,
  };
};
