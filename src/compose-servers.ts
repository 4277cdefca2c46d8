// Makes the adapters of mail servers with what they need of this host and of the configuration. A part of compose.ts, loaded when servers are first asked for.
import { Failure } from "./domain/failure.ts";
import type { Hook } from "./domain/hook.ts";
import { servers } from "./servers/index.ts";
import type { Server } from "./servers/server.ts";
import type { HostEvent } from "./store/store.ts";
import type { RunProgram } from "./system/run.ts";
import type { RenderTemplate } from "./system/templates.ts";
import { unlessFailure } from "./usecases/unless-failure.ts";
import type { ConfigAccess } from "./usecases/world.ts";

interface ServersNeed {
  readonly run: RunProgram;
  readonly render: RenderTemplate;
  readonly localAddresses: () => readonly string[];
  readonly config: Pick<ConfigAccess, "read">;
  readonly events: () => Promise<readonly HostEvent[]>;
}

export const openServers = ({
  run,
  render,
  localAddresses,
  config,
  events,
}: ServersNeed): Readonly<Record<string, Server>> => {
  let rows: Promise<Hook | "unreadable" | undefined> | undefined;
  const readRows = async (): Promise<Hook | "unreadable" | undefined> => {
    // Taking settings out must not depend on a configuration that can be read.
    const read = await unlessFailure(() => config.read());
    return read instanceof Failure ? "unreadable" : read?.sniRows;
  };
  const dependencies = {
    run,
    render,
    localAddresses,
    ipv6: async () => localAddresses().some((address) => address.includes(":")),
    sniRows: () => (rows ??= readRows()),
    made: async (installation: string) => {
      const known = await unlessFailure(events);
      return known instanceof Failure
        ? []
        : known.flatMap(({ change }) => (change?.installation === installation ? [change.change] : []));
    },
  };
  return Object.fromEntries(Object.entries(servers).map(([name, entry]) => [name, entry.create(dependencies)]));
};
