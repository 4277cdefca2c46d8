// Certificates of single services of an instance: `-o smtpd_tls_chain_files=` in master.cf, for everybody who connects there, whatever name they ask for.
import { isLoopback } from "../../domain/ip.ts";
import { divide, serviceOf } from "../../domain/places.ts";
import { spotsOf } from "../../domain/spots.ts";
import { clean } from "../../domain/text.ts";
import type { ByPlace, Change, Listener, Override, PlacedCertificate, ServedCertificate } from "../server.ts";
import { chainValue, sameFiles } from "./own-certificate.ts";
import { chainParameter, ownLegacy } from "./parameters.ts";
import type { Parameters } from "./postconf.ts";
import { sniParameter } from "./sni.ts";

export const byPlace: ByPlace = {
  together: ({ service }) => service,
  apart: ({ service }, address) => {
    const words = service.replace(/\/inet$/, " inet ...");
    const at = address.includes(":") ? `[${address}]` : address;
    const lines = [at, "127.0.0.1", "[::1]"].map((one) => `\`${one}:${words.replace(/^.*:/, "")}\``);
    return {
      why: `a service of master.cf takes one certificate, and \`${words}\` is for other addresses as well`,
      // Without loopback's own, what this host itself hands in is lost.
      mend: `in master.cf, put a line for each address, ${lines.join(", ")} and its like, in place of \`${words}\`; then: postfix reload; mailcert deploy`,
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
  const spots = spotsOf(listeners, local, placed).map(({ listener, address }) => ({
    id: listener.service,
    address,
    service: serviceOf(listener),
    together: listener.everybodys === undefined ? listener.service : undefined,
  }));
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
  /** Those of them that stand already, as if nothing had been there before. */
  readonly adopted: readonly Ours[];
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
  const adopted: Ours[] = [];
  const settings: Ours[] = [];
  for (const [service, certificate] of services) {
    const own = overrides.get(service) ?? none;
    const wanted = valueFor(certificate);
    const chain = own.get(chainParameter);
    const ours = isBelow(chain, stateFolder(certificate));
    const set = (parameter: string, before: string | undefined, after: string): void => {
      const one = change(service, parameter, before, after, certificate);
      settings.push(one);
      if (before !== after) changes.push(ours && before !== undefined ? { ...one, beforeIsOurs: true } : one);
      else if (ours) adopted.push({ ...one, before: undefined });
    };
    // A file of ours is nobody's own certificate, whosever it is: a line that was copied with the service.
    if (!isFree(own) && !ours) continue;
    // A map of the administrator's for this very service holds.
    if (sni !== undefined && (own.get(sni) ?? "") === "") set(sni, own.get(sni), "");
    set(chainParameter, chain, wanted);
  }
  return { changes, adopted, settings };
};

/** What has the certificates of all names: `certificates/` of `certificates/NAME/live/SLOT/combined.pem`. */
const stateFolder = (certificate: ServedCertificate): string | undefined => folderAbove(certificate, 4);
const liveFolder = (certificate: ServedCertificate): string | undefined => folderAbove(certificate, 2);

const folderAbove = ({ slots }: ServedCertificate, levels: number): string | undefined => {
  const [slot] = Object.values(slots);
  const parts = slot?.combined.split("/") ?? [];
  return parts.length > levels + 1 ? `${parts.slice(0, -levels).join("/")}/` : undefined;
};

/** All files of a chain are there. */
const isBelow = (chain: string | undefined, folder: string | undefined): boolean => {
  const files = (chain ?? "").split(/[\s,{}]+/).filter((file) => file !== "");
  return folder !== undefined && files.length > 0 && files.every((file) => file.startsWith(folder));
};

export interface Strays {
  /** Copies of a line of ours: nobody's decision, and they go. */
  readonly copied: readonly Ours[];
  /** What somebody set there: it stays until a yes. */
  readonly theirs: readonly { readonly service: string; readonly chain: string; readonly certificate: string }[];
}

/**
 * Services that have a certificate which is for other places. `placed`: those that have places; one that is served in no other way here may be somebody's own choice for a
 * service, and stays. `entrances`: ids of the services of which mailcert sets some, which are copied with their lines. `set`: chains that it set at any of them.
 */
export const findStrays = (
  placed: readonly ServedCertificate[],
  isGiven: (service: string) => boolean,
  overrides: ReadonlyMap<string, Parameters>,
  { entrances, set }: { readonly entrances: readonly string[]; readonly set: readonly string[] },
): Strays => {
  const copied: Ours[] = [];
  const theirs: { service: string; chain: string; certificate: string }[] = [];
  for (const [service, own] of overrides) {
    const chain = own.get(chainParameter);
    const whose = isGiven(service) ? undefined : placed.find((one) => isBelow(chain, liveFolder(one)));
    if (!whose || chain === undefined) continue;
    if (!entrances.includes(service) || !set.some((one) => sameFiles(one, chain))) {
      theirs.push({ service, chain, certificate: whose.name });
      continue;
    }
    for (const parameter of [chainParameter, ...(own.get(sniParameter) === "" ? [sniParameter] : [])])
      copied.push({
        kind: "service-parameter",
        service,
        parameter,
        before: own.get(parameter),
        after: undefined,
        certificate: whose.name,
        beforeIsOurs: true,
      });
  }
  return { copied, theirs };
};

/** Taken out after a yes, and put back with its certificate. */
export const strayOverrides = (configDir: string, { theirs }: Strays): readonly Override[] =>
  theirs.map(({ service, chain, certificate }) => {
    const path = `${configDir}/master.cf`;
    const setting = clean(`-o ${chainParameter}=${chain}`, 200);
    return {
      scope: `the service ${service}`,
      path,
      setting,
      why: `in ${path} the service ${service} has "${setting}", which mailcert did not set: ${certificate} is for other places`,
      certificate,
      bearable: true,
      edit: [
        { kind: "service-parameter", service, parameter: chainParameter, before: chain, after: undefined, certificate },
      ],
    };
  });

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
    const setting =
      chain !== undefined
        ? `-o ${chainParameter}=${chain}`
        : legacy === undefined
          ? undefined
          : `-o ${legacy}=${own.get(legacy) ?? ""}`;
    const path = `${configDir}/master.cf`;
    const shown = setting === undefined ? undefined : clean(setting, 200);
    const its = shown === undefined ? `no -o ${chainParameter}` : `a certificate setting of its own, "${shown}"`;
    return [
      {
        scope: `the service ${service}`,
        path,
        setting: shown ?? `-o ${chainParameter}=${clean(wanted, 200)}`,
        why: `in ${path} the service ${service} has ${its}, and does not serve ${certificate.name}`,
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
