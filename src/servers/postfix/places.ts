// Certificates of single services of an instance: `-o smtpd_tls_chain_files=` in master.cf, for everybody who connects there, whatever name they ask for.
import { isIP } from "node:net";
import { canonicalIp, isLoopback } from "../../domain/ip.ts";
import { divide, serviceOf } from "../../domain/places.ts";
import { clean } from "../../domain/text.ts";
import type { ByPlace, Change, Listener, Override, PlacedCertificate, ServedCertificate } from "../server.ts";
import { chainValue, sameFiles } from "./own-certificate.ts";
import { chainParameter, ownLegacy } from "./parameters.ts";
import type { Parameters } from "./postconf.ts";

export const byPlace: ByPlace = {
  together: ({ service }) => service,
  apart: ({ service }, address) => {
    const words = service.replace(/\/inet$/, " inet ...");
    const at = address.includes(":") ? `[${address}]` : address;
    const own = `${at}:${words.replace(/^.*:/, "")}`;
    return {
      why: `a service of master.cf takes one certificate, and \`${words}\` is for other addresses as well`,
      mend: `in master.cf, put a line for each address, \`${own}\` and its like, in place of \`${words}\`; then: postfix reload; mailcert deploy`,
    };
  },
};

/** A value with white space in it would need braces. */
const valueFor = (certificate: ServedCertificate): string => chainValue(certificate).replaceAll(", ", ",");

/** By service id: whose each is. */
export const servicesOf = (
  placed: readonly PlacedCertificate[],
  listeners: readonly Listener[],
  local: readonly string[],
): ReadonlyMap<string, PlacedCertificate> => {
  const spots = listeners.flatMap((listener) => {
    const { address, everybodys } = listener;
    const family = address === "0.0.0.0" ? 4 : address === "::" ? 6 : undefined;
    const all = family === undefined ? [address] : local.filter((one) => isIP(one) === family);
    return (all.length > 0 ? all : [address]).map((one) => ({
      id: listener.service,
      address: canonicalIp(one) ?? one,
      service: serviceOf(listener),
      together: everybodys === undefined ? listener.service : undefined,
    }));
  });
  const found = new Map<string, PlacedCertificate>();
  for (const [index, { winner }] of divide(placed, spots, isLoopback).entries()) {
    const { id } = spots[index] ?? {};
    if (winner && id !== undefined) found.set(id, winner);
  }
  return found;
};

const none: Parameters = new Map();

type Ours = Extract<Change, { kind: "service-parameter" }>;

const change = (
  service: string,
  parameter: string,
  before: string | undefined,
  after: string,
  { name }: ServedCertificate,
): Ours => ({ kind: "service-parameter", service, parameter, before, after, certificate: name });

export interface PlacedServices {
  readonly changes: readonly Ours[];
  /** All that is to stand, whether or not it does. */
  readonly settings: readonly Ours[];
}

/** A service that has a certificate of somebody else's keeps it until a yes: see `placeOverrides`. */
const isFree = (own: Parameters): boolean => own.get(chainParameter) === undefined && ownLegacy(own).length === 0;

/**
 * `sni`: the parameter by which others are chosen by name, where one is in use: at such a service it is set empty.
 */
export const planPlaces = (
  services: ReadonlyMap<string, PlacedCertificate>,
  overrides: ReadonlyMap<string, Parameters>,
  sni: string | undefined,
): PlacedServices => {
  const changes: Ours[] = [];
  const settings: Ours[] = [];
  for (const [service, certificate] of services) {
    const own = overrides.get(service) ?? none;
    const wanted = valueFor(certificate);
    const chain = own.get(chainParameter);
    const set = (parameter: string, before: string | undefined, after: string): void => {
      const one = change(service, parameter, before, after, certificate);
      settings.push(one);
      if (before !== after) changes.push(one);
    };
    if (!isFree(own) && !(chain !== undefined && isOf(chain, certificate))) continue;
    // A map of the administrator's for this very service holds.
    if (sni !== undefined && (own.get(sni) ?? "") === "") set(sni, own.get(sni), "");
    set(chainParameter, chain, wanted);
  }
  return { changes, settings };
};

/** The files of a certificate in any slots: one that has another key now is still the same. */
const isOf = (chain: string, certificate: ServedCertificate): boolean => {
  const [slot] = Object.values(certificate.slots);
  const folder = slot?.combined.replace(/[^/]+\/[^/]+$/, "") ?? "";
  const files = chain.split(/[\s,]+/).filter((file) => file !== "");
  return folder !== "" && files.length > 0 && files.every((file) => file.startsWith(folder));
};

export const placeOverrides = (
  configDir: string,
  services: ReadonlyMap<string, PlacedCertificate>,
  overrides: ReadonlyMap<string, Parameters>,
): readonly Override[] =>
  [...services].flatMap(([service, certificate]) => {
    const own = overrides.get(service) ?? none;
    const chain = own.get(chainParameter);
    const wanted = valueFor(certificate);
    if (chain !== undefined && sameFiles(chain, wanted)) return [];
    const [legacy] = ownLegacy(own);
    const setting = chain
      ? `-o ${chainParameter}=${chain}`
      : legacy === undefined
        ? `no -o ${chainParameter}`
        : `-o ${legacy}=${own.get(legacy) ?? ""}`;
    return [
      {
        scope: `the service ${service}`,
        path: `${configDir}/master.cf`,
        setting: clean(setting, 200),
        certificate: certificate.name,
        edit: [change(service, chainParameter, chain, wanted, certificate)],
      },
    ];
  });

const pasted = ["smtp", "submission", "submissions"] as const;

/** Services as master.cf would name them: nobody knows which are there. */
export const placesToPaste = (placed: readonly PlacedCertificate[]): readonly object[] =>
  placed.flatMap(({ places: { addresses, services }, ...certificate }) => {
    const files = chainValue(certificate).split(", ");
    const names = pasted.filter((one) => services?.includes(one) ?? true);
    const at = (service: string): readonly string[] =>
      addresses?.map((address) => `${address.includes(":") ? `[${address}]` : address}:${service}`) ?? [service];
    return names.flatMap(at).map((service) => ({
      name: certificate.name,
      service,
      files: files.map((path, index) => ({ path, more: index < files.length - 1 })),
    }));
  });
