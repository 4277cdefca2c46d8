// Servers' processes that started before `live` moved: each holds the certificate of before, for the client that it has or, where it still listens, for new ones.
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { own } from "../domain/own.ts";
import type { ServingProcess } from "../servers/processes.ts";
import type { World } from "./world.ts";

export interface OldProcesses {
  /** Of the installation. */
  readonly id: string;
  readonly server: string;
  /** `imap-login`, `smtpd`. */
  readonly program: string;
  readonly count: number;
  /** ISO date at which the oldest one started. */
  readonly since: string;
  /** Process ids of those that can take new clients. */
  readonly takeNew: readonly number[];
}

/** The kernel's starts are exact to a second. */
const startMarginMs = 1_000;

/** What a reload ends is gone in two seconds; a run that is under way has not even reloaded. */
const endingMs = 60_000;

/** By certificate, when `live` moved to what it is. Nothing where that is not ours to read. */
const lastSwitches = async (world: World): Promise<ReadonlyMap<string, Date>> => {
  const switches = (await world.store.events().catch(() => [])).filter(({ what }) =>
    what.startsWith("live: generation "),
  );
  return new Map(
    switches.flatMap(({ certificate, at }) => (certificate === undefined ? [] : [[certificate, new Date(at)]])),
  );
};

const runningOf = async (world: World, serverName: string): Promise<ReadonlyMap<string, readonly ServingProcess[]>> => {
  const server = own(await world.servers(), serverName);
  const found = new Map<string, readonly ServingProcess[]>();
  for (const installation of server?.processes ? await server.detect().catch(() => []) : []) {
    if (installation.running)
      found.set(installation.id, (await server?.processes?.(installation).catch(() => [])) ?? []);
  }
  return found;
};

/**
 * `servers`: id of the installation, and its server. `graceMs` after the switch nothing is said to take new clients: what ends may still end.
 * Never fails: where it cannot be seen there is nothing to tell.
 */
type OldProcessLook = (
  name: string,
  servers: readonly (readonly [id: string, server: string])[],
  graceMs: number,
) => Promise<readonly OldProcesses[]>;

/** Everything is asked once, however many certificates there are. */
export const lookForOldProcesses = (world: World): OldProcessLook => {
  let switches: Promise<ReadonlyMap<string, Date>> | undefined;
  const running = new Map<string, ReturnType<typeof runningOf>>();
  return async (name, servers, graceMs) => {
    const switched = servers.length === 0 ? undefined : (await (switches ??= lastSwitches(world))).get(name);
    if (switched === undefined) return [];
    const found: OldProcesses[] = [];
    for (const [id, server] of servers) {
      const ofServer = running.get(server) ?? runningOf(world, server);
      running.set(server, ofServer);
      const all = (await ofServer).get(id) ?? [];
      const old = all.filter(({ startedAt }) => Date.parse(startedAt) < switched.getTime() - startMarginMs);
      const ending = world.now().getTime() - switched.getTime() < graceMs;
      for (const [program, same] of groupBy(old, (one) => one.program)) {
        found.push({
          id,
          server,
          program,
          count: same.length,
          since: same.map(({ startedAt }) => startedAt).toSorted()[0] ?? switched.toISOString(),
          takeNew: ending ? [] : same.filter(({ takesNew }) => takesNew === true).map(({ pid }) => pid),
        });
      }
    }
    return found;
  };
};

const restart: Readonly<Record<string, string>> = { dovecot: "doveadm reload", postfix: "postfix reload" };

/** Only what still takes new clients is somebody's matter: the others end with their connections. */
export const oldProcessFindings = (found: readonly OldProcesses[]): readonly Finding[] =>
  found
    .filter(({ takeNew }) => takeNew.length > 0)
    .map(({ id, server, program, takeNew, since }) => ({
      check: "old-processes",
      severity: "fault",
      message: `${id}: ${takeNew.length} ${program} ${takeNew.length === 1 ? "process" : "processes"} (pid ${takeNew.slice(0, 10).join(", ")}; the oldest since ${since.slice(0, 16).replace("T", " ")} UTC) from before the switch still ${takeNew.length === 1 ? "takes" : "take"} new clients, with the certificate of before`,
      hint: `${restart[server] ?? `reload ${server}`}; what is left a minute later has to be ended by hand: kill ${takeNew.slice(0, 10).join(" ")}`,
    }));

/** With the findings, and time for what ends to end. */
export type StatusLook = (
  name: string,
  servers: Parameters<OldProcessLook>[1],
) => Promise<{ readonly old: readonly OldProcesses[]; readonly findings: readonly Finding[] }>;

export const statusLook = (world: World): StatusLook => {
  const look = lookForOldProcesses(world);
  return async (name, servers) => {
    const old = await look(name, servers, endingMs);
    return { old, findings: oldProcessFindings(old) };
  };
};
