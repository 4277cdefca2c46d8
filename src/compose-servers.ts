// Makes the adapters of mail servers with what they need of this host and of the configuration. A part of compose.ts, loaded when servers are first asked for.
import { join } from "node:path";
import { Failure } from "./domain/failure.ts";
import type { Hook } from "./domain/hook.ts";
import type { ServerDependencies } from "./servers/dependencies.ts";
import { servers } from "./servers/index.ts";
import type { Change, Server } from "./servers/server.ts";
import type { HostEvent, Store } from "./store/store.ts";
import type { RunProgram } from "./system/run.ts";
import type { RenderTemplate } from "./system/templates.ts";
import { changesInForce } from "./usecases/changes-in-force.ts";
import { unlessFailure } from "./usecases/unless-failure.ts";
import type { ConfigAccess } from "./usecases/world.ts";

interface ServersNeed {
  readonly run: RunProgram;
  readonly render: RenderTemplate;
  readonly localAddresses: () => readonly string[];
  readonly config: Pick<ConfigAccess, "read">;
  readonly store: Pick<Store, "dir" | "events">;
}

export const openServers = ({
  run,
  render,
  localAddresses,
  config,
  store,
}: ServersNeed): Readonly<Record<string, Server>> => {
  let rows: Promise<Hook | "unreadable" | undefined> | undefined;
  const readRows = async (): Promise<Hook | "unreadable" | undefined> => {
    // Taking settings out must not depend on a configuration that can be read.
    const read = await unlessFailure(() => config.read());
    return read instanceof Failure ? "unreadable" : read?.sniRows;
  };
  const clients = async () => {
    const read = await unlessFailure(() => config.read());
    if (read instanceof Failure) return "unreadable";
    if (!read?.clients) return undefined;
    const { trustPaths } = await import("./issuers/private-ca/trust.ts");
    return { ...read.clients, ...trustPaths(join(store.dir, "ca", read.clients.ca)) };
  };
  const ofInstallation = (events: readonly HostEvent[], id: string): readonly Change[] =>
    events.flatMap(({ change }) => (change?.installation === id ? [change.change] : []));
  const dependencies: ServerDependencies = {
    run,
    render,
    localAddresses,
    ipv6: async () => localAddresses().some((address) => address.includes(":")),
    clientLogin: clients,
    clientRelay: async () => {
      const asked = await clients();
      return asked === "unreadable" || asked?.relay ? asked : undefined;
    },
    clientMaps: `${join(store.dir, "clients")}/`,
    sniRows: () => (rows ??= readRows()),
    made: async (installation: string) => {
      const known = await unlessFailure(() => store.events());
      return known instanceof Failure ? [] : ofInstallation(known, installation);
    },
    inForce: async (installation: string) => {
      const known = await unlessFailure(() => store.events());
      return known instanceof Failure ? [] : ofInstallation(changesInForce(known), installation);
    },
  };
  return Object.fromEntries(Object.entries(servers).map(([name, entry]) => [name, entry.create(dependencies)]));
};
