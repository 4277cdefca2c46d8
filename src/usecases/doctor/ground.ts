// Gathers what several looks ask for, once each.
import type { CertificateConfig } from "../../domain/certificate-config.ts";
import { copies } from "../../domain/file-target.ts";
import { Failure } from "../../domain/failure.ts";
import type { Listener } from "../../servers/server.ts";
import { claimsOf } from "../claims.ts";
import { type Deployable, type FoundServers, findServers } from "../entries.ts";
import { preflight } from "../preflight.ts";
import { trouble } from "../preflight-trouble.ts";
import { readableState, unlessFailure } from "../unless-failure.ts";
import { rememberLooks } from "../remember-looks.ts";
import type { World } from "../world.ts";
import type { Ground } from "./look.ts";

const remembered = <Key, Value>(make: (key: Key) => Promise<Value>): ((key: Key) => Promise<Value>) => {
  const made = new Map<Key, Promise<Value>>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
};

/** Whatever mail server is there: before the first setup nothing else is to be looked at. */
const anything = { servers: "auto", name: "", keys: [] } as const;

/** `given`: each of hundreds of certificates asks it for the same servers, in every look. */
export const openGround = async (given: World, only: readonly string[]): Promise<Ground> => {
  const world = rememberLooks(given);
  const tools = await world.doctor();
  const root = tools.uid === 0;
  const config = await unlessFailure(() => world.config.read());
  const all = config instanceof Failure ? [] : (config?.certificates ?? []);
  const certificates = all.filter(({ name }) => only.length === 0 || only.includes(name));
  const claims = remembered((_all: undefined) => claimsOf(world));
  const found = remembered((certificate: CertificateConfig) =>
    unlessFailure(async () =>
      // One with places counts as it is given, whatever it has to serve by now.
      findServers(world, certificate, certificate.places ? undefined : await claims(undefined)),
    ),
  );
  const servers = remembered(async (_all: undefined): Promise<readonly Deployable[]> => {
    const each: readonly (FoundServers | Failure)[] =
      certificates.length === 0
        ? [await unlessFailure(() => findServers(world, anything))]
        : await Promise.all(certificates.map(found));
    const here = each.flatMap((one) => (one instanceof Failure ? [] : one.servers));
    // One that is for certain entry points only sees those: together they are all.
    const all = (id: string): readonly Listener[] => [
      ...new Map(
        here
          .filter(({ installation }) => installation.id === id)
          .flatMap(({ listeners }) => listeners.map((one) => [`${one.service} ${one.port} ${one.address}`, one])),
      ).values(),
    ];
    return [...new Map(here.toReversed().map((one) => [one.installation.id, one])).values()]
      .toReversed()
      .map((one) => ({ ...one, listeners: all(one.installation.id) }))
      .filter(({ installation }) => installation.server !== copies);
  });
  const atWork = root ? await unlessFailure(() => tools.lockHolder()) : undefined;
  return {
    world,
    tools,
    root,
    ...(atWork === undefined || atWork instanceof Failure ? {} : { atWork }),
    systemd: await tools.systemd(),
    only,
    certificates,
    ...(config instanceof Failure ? { configTrouble: config } : {}),
    found,
    servers: () => servers(undefined),
    preflight: remembered(async (certificate) => {
      if (!root) return [];
      const findings = await unlessFailure(() => preflight(world, certificate));
      return findings instanceof Failure ? [trouble("preflight-account", findings)] : findings;
    }),
    state: (name) => readableState(world, name),
  };
};
