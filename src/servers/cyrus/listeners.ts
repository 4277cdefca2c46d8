// Cyrus's TCP listeners: the services of cyrus.conf, with what the effective settings say of their TLS.
import { isIP } from "node:net";
import { isLoopback } from "../../domain/ip.ts";
import { addressesOf, portOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import type { Listener } from "../server.ts";
import type { Settings } from "./info.ts";
import type { Service } from "./services.ts";

const everywhere = ["0.0.0.0", "::"];

interface Place {
  readonly host: string | undefined;
  readonly port: string;
}

/** `imap`, `*:imap`, `localhost:sieve`, `[::1]:993`. */
const placeOf = (listen: string): Place => {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*)):([^:]+)$/.exec(listen) ?? [];
  const host = bracketed ?? plain;
  if (port === undefined) return { host: undefined, port: listen };
  return { host: host === "" || host === "*" ? undefined : host, port };
};

/** Addresses that a service is bound to. */
export const addressesOfService = async (
  { run, ipv6 }: Pick<ServerDependencies, "run" | "ipv6">,
  { listen, families }: Pick<Service, "listen" | "families">,
): Promise<readonly string[]> => {
  const { host } = placeOf(listen);
  const found = host === undefined ? everywhere : await addressesOf(run, host);
  const hasIpv6 = await ipv6();
  return found.filter((address) => {
    const family = isIP(address);
    return (family === 4 || (family === 6 && hasIpv6)) && families.includes(family);
  });
};

/** Its own setting, else that of all. */
export const settingFor = (settings: Settings, { name }: Pick<Service, "name">, key: string): string | undefined =>
  settings.get(`${name}_${key}`) ?? settings.get(key);

const isOff = (value: string | undefined): boolean => value !== undefined && /^(no|0|off|f|false)$/i.test(value);

/** The settings that are for one service alone, with their older names. */
const ownKeys = ["tls_server_cert", "tls_server_key", "tls_cert_file", "tls_key_file"];

/** A setting for this service alone that is not ours, as it stands there; undefined where there is none. `ours`: keys of our own file. */
export const ownSetting = (settings: Settings, { name }: Pick<Service, "name">, ours: Settings): string | undefined => {
  const key = ownKeys.map((one) => `${name}_${one}`).find((one) => settings.has(one) && !ours.has(one));
  return key === undefined ? undefined : `${key}: ${settings.get(key)}`;
};

/** STARTTLS, where this version can leave it off (allowstarttls, 3.10 and later). */
export const startTlsIsOff = (settings: Settings, service: Service): boolean =>
  !service.implicit && isOff(settingFor(settings, service, "allowstarttls"));

/** On the loopback interface alone it is a matter between programs of this host. */
export const isInternal = (addresses: readonly string[]): boolean => addresses.every(isLoopback);

export const cyrusListeners = async (
  dependencies: ServerDependencies,
  services: readonly Service[],
  settings: Settings,
  ours: Settings,
  imapdConf: string,
): Promise<readonly Listener[]> => {
  const found: Listener[] = [];
  for (const service of services) {
    const { protocol, implicit, ownFile } = service;
    const port = await portOf(dependencies.run, placeOf(service.listen).port);
    if (port === undefined || protocol === undefined) continue;
    const own = ownFile ?? ownSetting(settings, service, ours);
    const where = ownFile === undefined ? `${own ?? ""} in ${imapdConf}` : `-C ${ownFile}, its own configuration`;
    for (const address of await addressesOfService(dependencies, service)) {
      found.push({
        protocol,
        mode: implicit ? "implicit" : "starttls",
        port,
        address,
        service: service.name,
        ...(startTlsIsOff(settings, service) ? { unobservable: "STARTTLS is switched off (allowstarttls: no)" } : {}),
        ...(own === undefined ? {} : { ownCertificate: where }),
      });
    }
  }
  return found;
};
