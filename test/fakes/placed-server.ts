// A scripted mail server that serves certificates by address and by name, with its wire: settings take effect at a reload.
import { existsSync, readFileSync } from "node:fs";
import type { Change, Listener, Server, ServedCertificate } from "../../src/servers/server.ts";
import type { World } from "../../src/usecases/world.ts";
import { observed } from "./observed.ts";

export interface PlacedServer {
  readonly settings: Map<string, string>;
  /** What this host has. */
  local: readonly string[];
  listeners: readonly Listener[];
  /** Names are kept apart by address, as on Dovecot 2.3. */
  namesLeave: boolean;
  reloads: number;
  running: boolean;
  /** `host address port` of each connection. */
  connected: string[];
  /** By address, in front of every setting. */
  readonly wrongAt: Set<string>;
  readonly adapter: Server;
  /** A world in which this is the one mail server. */
  in(world: World): World;
}

const pathOf = ({ slots }: ServedCertificate): string => Object.values(slots)[0]?.fullchain ?? "";

export const imaps: Listener = { protocol: "imap", mode: "implicit", port: 993, address: "0.0.0.0", service: "imaps" };

export const placedServer = (id = "fake"): PlacedServer => {
  let served = new Map<string, string>();
  const adapter: Server = {
    sni: true,
    ownDefault: true,
    byPlace: {
      together: ({ port }, address) => `${port} ${address}`,
      apart: () => ({ why: "", mend: "" }),
      namesLeave: () => fake.namesLeave,
    },
    detect: async () => [{ server: id, id, version: "1.0", configDir: "/etc/fake", running: fake.running }],
    listeners: async () => fake.listeners,
    plan: async (_installation, main, bySni = [], placed = []) => {
      const wanted = new Map<string, string>([
        ...(pathOf(main) === "" ? [] : [["everybody", pathOf(main)] as const]),
        ...bySni.flatMap((one) => one.names.map((name) => [`name ${name}`, pathOf(one)] as const)),
        ...placed.flatMap((one) => (one.places.addresses ?? []).map((at) => [`at ${at}`, pathOf(one)] as const)),
      ]);
      const changes = [...new Set([...wanted.keys(), ...fake.settings.keys()])].flatMap((parameter): Change[] => {
        const [before, after] = [fake.settings.get(parameter), wanted.get(parameter)];
        return before === after ? [] : [{ kind: "parameter", parameter, before, after }];
      });
      return { changes, notes: [] };
    },
    apply: async (_installation, change) => {
      if (change.kind !== "parameter") return;
      if (change.after === undefined) fake.settings.delete(change.parameter);
      else fake.settings.set(change.parameter, change.after);
    },
    revert: async (_installation, change) => {
      if (change.kind !== "parameter" || fake.settings.get(change.parameter) !== change.after) return "not-ours";
      if (change.before === undefined) fake.settings.delete(change.parameter);
      else fake.settings.set(change.parameter, change.before);
      return "reverted";
    },
    readBack: async () => [],
    check: async () => undefined,
    reload: async () => {
      fake.reloads += 1;
      const there = [...fake.settings].filter(([, path]) => existsSync(path));
      served = new Map(there.map(([setting, path]) => [setting, readFileSync(path, "utf8")]));
    },
    snippet: () => "settings",
  };
  const fake: PlacedServer = {
    settings: new Map(),
    local: ["127.0.0.1", "192.0.2.10", "192.0.2.11"],
    listeners: [imaps],
    namesLeave: false,
    reloads: 0,
    running: true,
    connected: [],
    wrongAt: new Set(),
    adapter,
    in: (world) => ({
      ...world,
      localAddresses: () => fake.local,
      servers: async () => ({ [id]: adapter }),
      probe: async () => async (entry) => {
        fake.connected.push(`${entry.host} ${entry.address} ${entry.port}`);
        const byName = fake.wrongAt.has(entry.address) ? undefined : served.get(`name ${entry.host}`);
        const pem = served.get(`at ${entry.address}`) ?? byName ?? served.get("everybody");
        return observed(entry, pem, world.now());
      },
    }),
  };
  return fake;
};
