// A World for a run over many certificates: what servers there are, where they listen and what is claimed there is found once, and the configuration is read once.
import type { Installation, Listener, Server } from "../servers/server.ts";
import { rememberClaims } from "./claims.ts";
import type { World } from "./world.ts";

const remembering = (server: Server): Server => {
  let detected: Promise<readonly Installation[]> | undefined;
  const listeners = new Map<string, Promise<readonly Listener[]>>();
  const forget = (): void => listeners.clear();
  return {
    ...server,
    // A failure is told to everybody who asks: nothing mends it within the run.
    detect: () => (detected ??= server.detect()),
    listeners: (installation) => {
      const known = listeners.get(installation.id) ?? server.listeners(installation);
      listeners.set(installation.id, known);
      return known;
    },
    apply: async (installation, change) => {
      forget();
      await server.apply(installation, change);
    },
    revert: async (installation, change) => {
      forget();
      return server.revert(installation, change);
    },
  };
};

export const rememberLooks = (world: World): World => {
  let servers: Promise<Readonly<Record<string, Server>>> | undefined;
  let config: ReturnType<World["config"]["read"]> | undefined;
  return rememberClaims({
    ...world,
    servers: () =>
      (servers ??= world
        .servers()
        .then((all) => Object.fromEntries(Object.entries(all).map(([name, one]) => [name, remembering(one)])))),
    config: { ...world.config, read: () => (config ??= world.config.read()) },
  });
};
