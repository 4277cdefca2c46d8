// What one server of this host serves: the first certificate of the configuration that is for it to everybody, the others to clients that ask for their names.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Places } from "../domain/places.ts";
import { sniNames } from "../domain/sni-names.ts";
import type { Installation, PlacedCertificate, ServedCertificate, Server } from "../servers/server.ts";
import type { CertificateState } from "../store/store.ts";
import { servedCertificate } from "./served-certificate.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

export interface Serving {
  /** Of everybody who asks for no known name. Absent: it has no live generation yet, or was taken out: the server keeps its own. */
  readonly main?: ServedCertificate;
  readonly bySni: readonly ServedCertificate[];
  /** Of everybody at their own entry points, where the server can do that. */
  readonly placed?: readonly PlacedCertificate[];
}

/** For the seam: no slots stand for the server's own certificate. */
export const mainOf = ({ main }: Serving): ServedCertificate => main ?? { name: "", names: [], slots: {} };

/** Every certificate of it, the default first. */
export const allOf = ({ main, bySni, placed = [] }: Serving): readonly ServedCertificate[] => [
  ...(main ? [main] : []),
  ...bySni,
  ...placed,
];

/** The names that clients get this certificate for. */
export const namesAt = ({ main, bySni, placed }: Serving, { name, names }: ServedCertificate): readonly string[] =>
  name === main?.name || placed?.some((one) => one.name === name) ? names : (sniNames(main, bySni).get(name) ?? []);

/** A certificate by request (CSR) has no key here. */
export const isFor = ({ servers, csr }: Pick<CertificateConfig, "servers" | "csr">, server: string): boolean =>
  csr === undefined && (servers === "auto" ? server !== copies : servers.includes(server));

/** Those of the configuration; one that a run is about and that is not in it comes last. */
export const configuredWith = async (
  world: World,
  batch: readonly CertificateConfig[],
): Promise<readonly CertificateConfig[]> => {
  const known = (await world.config.read())?.certificates ?? [];
  const given = new Map(batch.map((one) => [one.name, one]));
  const names = new Set(known.map(({ name }) => name));
  return [...known.map((one) => given.get(one.name) ?? one), ...batch.filter(({ name }) => !names.has(name))];
};

/** A server has its settings, or is to have them: not while it waits for its first deployment, which may have been taken back. */
export const isInForce = (state: CertificateState, installation: string): boolean =>
  state.parked !== true && (state.stage !== "staged" || state.deployments[installation] !== undefined);

const isDefaultOn = (world: World, name: string, id: string): boolean => {
  const deployment = readableState(world, name)?.deployments[id];
  return deployment !== undefined && deployment.byName !== true;
};

/** `as`: certificates as they are to be served, whatever lies behind `live` now. */
export const servingOn = async (
  world: World,
  { server, installation }: { readonly server: Server; readonly installation: Installation },
  batch: readonly CertificateConfig[],
  as: ReadonlyMap<string, ServedCertificate> = new Map(),
  without: readonly string[] = [],
): Promise<Serving> => {
  const { id } = installation;
  // What is taken out is taken out whatever the configuration says, or where it cannot be read.
  const read = await unlessFailure(() => configuredWith(world, batch));
  const configured = read instanceof Failure ? batch : read;
  const served = (name: string): ServedCertificate | undefined => {
    const given = as.get(name);
    if (given) return given;
    if (without.includes(name)) return undefined;
    const state = readableState(world, name);
    const live = state && isInForce(state, id) ? liveGeneration(world, name, state) : undefined;
    // Settings that name files which are gone stop a server from starting.
    if (!live || world.store.slotsIn(name, live.number).length === 0) return undefined;
    return servedCertificate(world, name, live);
  };
  const mine = configured.filter((one) => isFor(one, installation.server));
  const wanted = mine.filter(({ places }) => !places).map(({ name }) => name);
  // One that left the configuration goes on being served by its names until it is taken out; to everybody, where nobody else is to be.
  const known = new Set(configured.map(({ name }) => name));
  const left = world.store
    .list()
    .filter((name) => !known.has(name) && readableState(world, name)?.deployments[id] !== undefined);
  const placedOf = (name: string): Places | undefined => readableState(world, name)?.deployments[id]?.places;
  const first =
    wanted[0] ?? left.find((name) => readableState(world, name)?.deployments[id]?.byName !== true && !placedOf(name));
  const ready = first === undefined ? undefined : served(first);
  // Where a server cannot do without, who has been the first stays it until the new one is there.
  const stays =
    ready || !server.sni || server.ownDefault ? undefined : wanted.find((name) => isDefaultOn(world, name, id));
  const main = ready ?? (stays === undefined ? undefined : served(stays));
  const bySni = server.sni
    ? [...wanted, ...left.filter((name) => !placedOf(name))]
        .filter((name) => name !== first && name !== stays)
        .flatMap((name) => served(name) ?? [])
    : [];
  const places = [
    ...mine.map(({ name, places: own }) => ({ name, places: own })),
    ...left.map((name) => ({ name, places: placedOf(name) })),
  ];
  const placed = places.flatMap(({ name, places: own }) => {
    const one = server.byPlace && own && served(name);
    return one ? [{ ...one, places: own }] : [];
  });
  return { ...(main ? { main } : {}), bySni, ...(placed.length > 0 ? { placed } : {}) };
};
