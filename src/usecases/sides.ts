// Who is left on each server where certificates are taken out, and which of its changes go with them.
import { Failure } from "../domain/failure.ts";
import type { Installation, Server } from "../servers/server.ts";
import type { CertificateState, HostEvent } from "../store/store.ts";
import { servingOn } from "./serving.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

type Recorded = NonNullable<HostEvent["change"]>;

/** A Failure where nobody can tell: one server that cannot be looked at keeps the others from nothing. */
export type Find = (event: HostEvent) => Promise<Installation | Failure | undefined>;

export const finder = (servers: Readonly<Record<string, Server>>): Find => {
  const detected = new Map<string, readonly Installation[] | Failure>();
  return async ({ change }) => {
    if (!change) return undefined;
    const server = servers[change.server];
    const known = detected.get(change.server) ?? (await unlessFailure(async () => server?.detect() ?? []));
    detected.set(change.server, known);
    if (known instanceof Failure) return known;
    return known.find(({ id }) => id === change.installation) ?? server?.recall?.(change.installation, change.change);
  };
};

/** Who is left on a server. */
export interface Side {
  readonly stay: readonly string[];
  /** None of those who stay can be its default, and it cannot do without: they go, too. */
  readonly all: boolean;
  /** Changes there that are in force. */
  readonly open: readonly HostEvent[];
}

/** By installation: of each that has a change of those who go, and of each that serves several. Five hundred have a place for copies each. */
export const sidesOf = async (
  world: World,
  servers: Readonly<Record<string, Server>>,
  installations: Find,
  going: readonly string[],
  open: readonly HostEvent[],
): Promise<ReadonlyMap<string, Side>> => {
  const places = new Map<string, HostEvent[]>();
  for (const event of open) {
    const id = event.change?.installation ?? "";
    const there = places.get(id) ?? [];
    there.push(event);
    places.set(id, there);
  }
  const goes = new Set(going);
  let read: readonly CertificateState[] | undefined;
  const staying = (): readonly CertificateState[] =>
    world.store.list().flatMap((name) => {
      const state = goes.has(name) ? undefined : readableState(world, name);
      return state && !state.parked && world.store.liveNumber(name) !== undefined ? [state] : [];
    });
  const sides = new Map<string, Side>();
  for (const [id, there] of places) {
    const [first] = there;
    const server = servers[first?.change?.server ?? ""];
    if (server?.sni !== true && !there.some(({ certificate }) => goes.has(certificate ?? ""))) continue;
    const has = new Set(there.map(({ certificate }) => certificate));
    const shared = there.some(({ change }) => change && isShared(change, server));
    read ??= server?.sni || shared ? staying() : undefined;
    const stay = (read ?? [])
      .filter(({ name, deployments }) => deployments[id] !== undefined || has.has(name))
      .map(({ name }) => name);
    const needsDefault = stay.length > 0 && server?.sni === true && server.ownDefault !== true;
    const all = needsDefault && first && !(await hasDefault(world, server, await installations(first), going));
    sides.set(id, { stay, open: there, all: all === true });
  }
  return sides;
};

const hasDefault = async (
  world: World,
  server: Server,
  installation: Installation | Failure | undefined,
  without: readonly string[],
): Promise<boolean> => {
  if (installation === undefined || installation instanceof Failure) return false;
  return (await servingOn(world, { server, installation }, [], new Map(), without)).main !== undefined;
};

/** All that a server without a certificate of its own has is for all who are on it: who made it first says nothing. */
const isShared = ({ change }: Recorded, server: Server | undefined): boolean =>
  ("shared" in change && change.shared !== undefined) || (server?.sni === true && server.ownDefault !== true);

export const goes = (
  { certificate, change, policy }: HostEvent,
  { stay, all }: Side,
  going: ReadonlySet<string>,
  server: Server | undefined,
): boolean =>
  all || (policy || (change && isShared(change, server)) ? stay.length === 0 : going.has(certificate ?? ""));
