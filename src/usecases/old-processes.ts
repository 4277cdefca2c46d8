// Servers' processes that started before `live` moved: each holds the certificate of before, for the client that it has or, where it still listens, for new ones.
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { own } from "../domain/own.ts";
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
export const endingMs = 60_000;

/** When `live` moved to what it is; undefined: not written down, or not ours to read. */
const lastSwitch = async (world: World, name: string): Promise<Date | undefined> => {
  const events = await world.store.events().catch(() => []);
  const last = events.findLast(({ certificate, what }) => certificate === name && what.startsWith("live: generation "));
  return last && new Date(last.at);
};

/**
 * `servers`: id of the installation, and its server. `graceMs` after the switch nothing is said to take new clients: what ends may still end.
 * Never fails: where it cannot be seen there is nothing to tell.
 */
export const oldProcesses = async (
  world: World,
  name: string,
  servers: readonly (readonly [id: string, server: string])[],
  graceMs: number,
): Promise<readonly OldProcesses[]> => {
  const switched = await lastSwitch(world, name);
  if (switched === undefined) return [];
  const adapters = await world.servers();
  const found: OldProcesses[] = [];
  for (const [id, serverName] of servers) {
    const server = own(adapters, serverName);
    if (!server?.processes) continue;
    const installation = (await server.detect().catch(() => [])).find((one) => one.id === id);
    const running = installation?.running ? await server.processes(installation).catch(() => []) : [];
    const old = running.filter(({ startedAt }) => Date.parse(startedAt) < switched.getTime() - startMarginMs);
    const ending = world.now().getTime() - switched.getTime() < graceMs;
    for (const [program, all] of groupBy(old, (one) => one.program)) {
      found.push({
        id,
        server: serverName,
        program,
        count: all.length,
        since: all.map(({ startedAt }) => startedAt).toSorted()[0] ?? switched.toISOString(),
        takeNew: ending ? [] : all.filter(({ takesNew }) => takesNew === true).map(({ pid }) => pid),
      });
    }
  }
  return found;
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
