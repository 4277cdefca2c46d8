// A scripted mail server that serves several certificates by name, with its wire: one setting for everybody, one file of names that is ours.
import { existsSync, readFileSync } from "node:fs";
import { Failure } from "../../src/domain/failure.ts";
import { dnsNameMatches } from "../../src/domain/name-match.ts";
import { sniNames } from "../../src/domain/sni-names.ts";
import { isStamped, stamped } from "../../src/domain/stamp.ts";
import type { Change, ServedCertificate, Server } from "../../src/servers/server.ts";
import type { World } from "../../src/usecases/world.ts";
import { observed } from "./observed.ts";

export interface SniServer {
  /** Where its own setting points. */
  setting: string | undefined;
  /** The file of names. */
  text: string | undefined;
  reloads: number;
  plans: number;
  connections: number;
  /** What it serves since its last reload: PEM by name, "" for everybody else. */
  served: Map<string, string>;
  /** Names for which no handshake works after the next reload; "" breaks everything. */
  breaks: readonly string[];
  complaint: string | undefined;
  readonly adapter: Server;
  /** A world in which this is the one mail server. */
  in(world: World): World;
}

const pathOf = ({ slots }: ServedCertificate): string => Object.values(slots)[0]?.fullchain ?? "";
const linesOf = (text: string): readonly (readonly [string, string])[] =>
  text.split("\n").flatMap((line) => {
    const [name = "", path] = line.split(" ");
    return path === undefined || line.startsWith("#") ? [] : [[name, path] as const];
  });

export const sniServer = (): SniServer => {
  const read = (path: string | undefined): string | undefined =>
    path !== undefined && existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const adapter: Server = {
    sni: true,
    ownDefault: true,
    detect: async () => [{ server: "fake", id: "fake", version: "1.0", configDir: "/etc/fake", running: true }],
    listeners: async () => [{ protocol: "imap", mode: "implicit", port: 993, address: "127.0.0.1", service: "imaps" }],
    plan: async (_installation, certificate, bySni = []) => {
      fake.plans += 1;
      const changes: Change[] = [];
      const path = pathOf(certificate);
      // As the real ones do.
      if (path === "" && bySni.length === 0) throw new Error("there is no certificate to serve");
      if (path !== "" && fake.setting !== path)
        changes.push({ kind: "parameter", parameter: "certificate", before: fake.setting, after: path });
      const mine = sniNames(path === "" ? undefined : certificate, bySni);
      const lines = bySni.flatMap((one) => (mine.get(one.name) ?? []).map((name) => `${name} ${pathOf(one)}\n`));
      const content = lines.length === 0 ? undefined : stamped(lines.join(""));
      if (content !== fake.text)
        changes.push({ kind: "file", path: "/etc/fake/names", content, mode: 0o600, before: fake.text, shared: true });
      return { changes, notes: [] };
    },
    apply: async (_installation, change) => {
      if (change.kind === "parameter") fake.setting = change.after;
      if (change.kind === "file") fake.text = change.content;
    },
    revert: async (_installation, change) => {
      if (change.kind === "parameter") {
        if (fake.setting === change.before) return "reverted";
        if (fake.setting !== change.after) return "not-ours";
        fake.setting = change.before;
        return "reverted";
      }
      if (change.kind !== "file") return "not-ours";
      if (fake.text === change.before) return "reverted";
      if (change.content !== undefined && !isStamped(fake.text)) return "not-ours";
      fake.text = change.before;
      return "reverted";
    },
    readBack: async () => [],
    check: async () => {
      if (fake.complaint !== undefined) throw new Failure("config", fake.complaint);
    },
    reload: async () => {
      fake.reloads += 1;
      const served = new Map<string, string>();
      for (const [name, path] of [["", fake.setting ?? ""] as const, ...linesOf(fake.text ?? "")]) {
        const pem = read(path);
        if (pem !== undefined && !fake.breaks.includes(name) && !fake.breaks.includes("")) served.set(name, pem);
        else if (name !== "") served.set(name, "");
      }
      fake.served = served;
    },
    snippet: () => "settings",
  };
  const answer = (host: string): string => {
    const exact = fake.served.get(host);
    const wild = [...fake.served].find(([name]) => name.startsWith("*.") && dnsNameMatches(name, host));
    return exact ?? wild?.[1] ?? fake.served.get("") ?? "";
  };
  const fake: SniServer = {
    setting: undefined,
    text: undefined,
    reloads: 0,
    plans: 0,
    connections: 0,
    served: new Map(),
    breaks: [],
    complaint: undefined,
    adapter,
    in: (world) => ({
      ...world,
      servers: async () => ({ fake: adapter }),
      probe: async () => async (entry) => {
        fake.connections += 1;
        const pem = answer(entry.host);
        return observed(entry, pem === "" ? undefined : pem, world.now());
      },
    }),
  };
  return fake;
};
