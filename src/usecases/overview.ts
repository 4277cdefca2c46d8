// Overview: what is on this host, in a few facts, and what to do next. Takes no lock, changes nothing, and what cannot be read is told, not failed at.
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { ImportClient } from "../domain/import-clients.ts";
import { type NextStep, nextStep } from "../domain/next-step.ts";
import { clean } from "../domain/text.ts";
import type { Server } from "../servers/server.ts";
import { type HourlyRun, hourlyRun } from "./schedule.ts";
import { type CertificateStatus, isWell, status } from "./status.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

export interface ServerStanding {
  readonly server: string;
  /** Absent where not even that can be asked. */
  readonly id?: string;
  readonly version?: string;
  /** Absent: this user cannot tell. */
  readonly running?: boolean;
  /** Ports of its listeners that have TLS, and of those that have none, by its own configuration. */
  readonly tls?: readonly number[];
  readonly clear?: readonly number[];
  /** Why that is not known. */
  readonly problem?: string;
}

export interface OtherStanding {
  readonly client: ImportClient;
  /** Main names of what it keeps, whole and valid. */
  readonly certificates: readonly string[];
  /** What runs it, by its own name. */
  readonly runBy: readonly string[];
  readonly problem?: string;
}

export interface CertificateStanding extends CertificateStatus {
  readonly ok: boolean;
}

export interface Unread {
  readonly what: "configuration" | "certificates" | "others";
  readonly message: string;
}

export interface Overview {
  /** A name of this host that a certificate could be for; else its own name. */
  readonly host: string;
  readonly servers: readonly ServerStanding[];
  /** Those with trouble first. */
  readonly certificates: readonly CertificateStanding[];
  readonly others: readonly OtherStanding[];
  /** Absent where it is not known. */
  readonly schedule?: HourlyRun;
  /** What could not be read, and why. */
  readonly unread: readonly Unread[];
  readonly next: NextStep;
}

const portsOf = (listeners: readonly { readonly port: number }[]): readonly number[] =>
  [...new Set(listeners.map(({ port }) => port).filter((port) => port > 0))].toSorted((a, b) => a - b);

/** Only root sees whether one runs. */
const standingOf = async (name: string, server: Server, root: boolean): Promise<readonly ServerStanding[]> => {
  const installations = await unlessFailure(() => server.detect());
  if (installations instanceof Failure) return [{ server: name, problem: clean(installations.message, 300) }];
  return Promise.all(
    installations.map(async (installation): Promise<ServerStanding> => {
      const { id, version, running } = installation;
      const known = { server: name, id, version, ...(root ? { running } : {}) };
      const listeners = await unlessFailure(() => server.listeners(installation));
      if (listeners instanceof Failure) return { ...known, problem: clean(listeners.message, 300) };
      const clear = portsOf(listeners.filter(({ tlsOff }) => tlsOff !== undefined));
      const tls = portsOf(listeners.filter(({ tlsOff }) => tlsOff === undefined)).filter(
        (port) => !clear.includes(port),
      );
      return { ...known, tls, clear };
    }),
  );
};

const serversHere = async (world: World, root: boolean): Promise<readonly ServerStanding[]> => {
  const servers = Object.entries(await world.servers()).filter(([name]) => name !== copies);
  return (await Promise.all(servers.map(([name, server]) => standingOf(name, server, root)))).flat();
};

const othersHere = async (world: World): Promise<readonly OtherStanding[]> => {
  const tools = await world.importing();
  return Promise.all(
    (await tools.present()).map(async (client): Promise<OtherStanding> => {
      const [kept, schedules] = await Promise.all([
        unlessFailure(() => tools.read(client, {})),
        unlessFailure(() => tools.schedules(client)),
      ]);
      const runBy = schedules instanceof Failure ? [] : schedules.map(({ where }) => where);
      if (kept instanceof Failure) return { client, certificates: [], runBy, problem: clean(kept.message, 300) };
      const certificates = [...new Set(kept.lineages.map(({ names: [main], name }) => main ?? clean(name, 253)))];
      return { client, certificates, runBy };
    }),
  );
};

const unread = (what: Unread["what"], found: unknown): readonly Unread[] =>
  found instanceof Failure ? [{ what, message: clean(found.message, 300) }] : [];

/** `root`: of this run; everybody else sees less. */
export const overview = async (world: World, root: boolean): Promise<Overview> => {
  const [servers, certificates, others, schedule, config, names] = await Promise.all([
    serversHere(world, root),
    unlessFailure(() => status(world, [], root)),
    unlessFailure(() => othersHere(world)),
    unlessFailure(() => hourlyRun(world)),
    unlessFailure(() => world.config.read()),
    world.hostNames(),
  ]);
  const known = certificates instanceof Failure ? [] : certificates.certificates;
  const some = known.some(({ configured, live }) => configured || live);
  const standings = known
    .map((one) => ({ ...one, ok: isWell(one, some) }))
    .toSorted((a, b) => Number(a.ok) - Number(b.ok));
  const kept = others instanceof Failure ? [] : others;
  const next = nextStep({
    root,
    config: !(config instanceof Failure) ? "readable" : config.kind === "no-permission" ? "closed" : "mistake",
    damaged: certificates instanceof Failure,
    certificates: standings,
    trouble: !(certificates instanceof Failure) && !certificates.ok && standings.every(({ ok }) => ok),
    others: kept.filter((one) => one.certificates.length > 0).map(({ client }) => client),
    renews: schedule instanceof Failure ? undefined : schedule.renews,
    othersSchedule: !(schedule instanceof Failure) && schedule.instead !== undefined,
    host: names.proposed,
  });
  return {
    host: names.proposed ?? names.own,
    servers,
    certificates: standings,
    others: kept,
    ...(schedule instanceof Failure ? {} : { schedule }),
    unread: [
      // Without it nothing is said of certificates either.
      ...(config instanceof Failure ? unread("configuration", config) : unread("certificates", certificates)),
      ...unread("others", others),
    ],
    next,
  };
};
