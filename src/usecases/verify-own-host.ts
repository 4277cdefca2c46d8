// A host name that is this host's own, looked at as its clients do: where its servers are set to listen, nobody answering is no choice of theirs.
import { Failure } from "../domain/failure.ts";
import { isLoopback } from "../domain/ip.ts";
import type { Listener } from "../servers/server.ts";
import { findServers } from "./entries.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { Wanted } from "./verify.ts";
import type { World } from "./world.ts";

const placeOf = ({ protocol, mode, port }: Pick<Listener, "protocol" | "mode" | "port">): string =>
  `${protocol} ${mode} ${port}`;

/** Where this host's servers listen for the names of a certificate. A server that cannot be asked is passed over: bare verify tells of it. */
const listenersFor = async (world: World, host: string): Promise<readonly Listener[]> => {
  const config = await unlessFailure(() => world.config.read());
  if (config instanceof Failure) {
    world.step(`the configuration is left out: ${config.message}`);
    return [];
  }
  // Below a wildcard there may be other machines.
  const mine = (config?.certificates ?? []).filter(({ names }) => names.includes(host));
  const found = await Promise.all(mine.map((certificate) => unlessFailure(() => findServers(world, certificate))));
  return found.flatMap((one) => (one instanceof Failure ? [] : one.servers.flatMap(({ listeners }) => listeners)));
};

/** Guessed ports at which a server of this host is set to listen are demanded, and judged by what its configuration says of TLS. */
export const withOwnListeners = async (world: World, wanted: readonly Wanted[]): Promise<readonly Wanted[]> => {
  const guessed = wanted.filter(({ demanded }) => !demanded);
  const hosts = new Map<string, ReadonlyMap<string, Listener>>();
  for (const host of new Set(guessed.map((one) => one.host))) {
    const listeners = await listenersFor(world, host);
    // What listens for programs of this host alone is not offered to others.
    const open = listeners.filter(({ address }) => !isLoopback(address));
    hosts.set(host, new Map(open.map((listener) => [placeOf(listener), listener])));
  }
  return wanted.map((one) => {
    const listener = one.demanded ? undefined : hosts.get(one.host)?.get(placeOf(one));
    if (!listener) return one;
    return { ...one, demanded: true, ...(listener.tlsOff ? { tlsOff: listener.tlsOff } : {}) };
  });
};
