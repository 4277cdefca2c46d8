// Postfix's certificates by name: a texthash map of ours in tls_server_sni_maps, before which the admin's own maps stay.
import { join } from "node:path";
import { isStamped, stamped } from "../../domain/stamp.ts";
import { sniNames } from "../../domain/sni-names.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { modeOf } from "../edits.ts";
import type { Change, ServedCertificate } from "../server.ts";
import { chainValue, ownCertificateOf } from "./own-certificate.ts";
import type { Parameters, Service } from "./postconf.ts";

export const sniParameter = "tls_server_sni_maps";

/** The map's file in an instance's folder, and its name as a table. */
export const mapFile = (configDir: string): string => join(configDir, "mailcert-sni");
export const mapName = (configDir: string): string => `texthash:${mapFile(configDir)}`;

/** Only paths stand in it; the reference says root alone all the same, as for the maps that hold keys. */
const mode = 0o600;

/** The maps of a value, in order; what stands in braces (`inline:{...}`) is one. */
export const mapsIn = (value: string): readonly string[] =>
  (value.match(/[^\s,{]*\{[^}]*\}|[^\s,]+/g) ?? []).map((word) => word.trim());

/** `*.example.org` is `.example.org` there, which stands for any depth below: deeper names get it as well. */
const keyOf = (name: string): string => name.replace(/^\*\./, ".");

interface MapEntry {
  readonly key: string;
  /** Key and chain, one file for each slot, as smtpd_tls_chain_files would have them. */
  readonly files: string;
}

/** Each name, the default's too: smtpd notes every name in its log that it finds in no map. */
export const mapEntries = (
  main: ServedCertificate | undefined,
  bySni: readonly ServedCertificate[],
): readonly MapEntry[] => {
  if (bySni.length === 0) return [];
  const mine = sniNames(main, bySni);
  return (main ? [main, ...bySni] : bySni).flatMap((certificate) => {
    const files = chainValue(certificate);
    return (mine.get(certificate.name) ?? []).map((name) => ({ key: keyOf(name), files }));
  });
};

const mapText = (main: ServedCertificate | undefined, bySni: readonly ServedCertificate[]): string =>
  [
    "# Written by mailcert: which certificate for which name (SNI). The next deploy replaces this file.",
    ...mapEntries(main, bySni).map(({ key, files }) => `${key} ${files}`),
    "",
  ].join("\n");

/** Our map is one of those of a value. */
export const namesOurs = (value: string | undefined, configDir: string): boolean =>
  mapsIn(value ?? "").includes(mapName(configDir));

/** The value with our map in it, or without. The admin's own maps come first: what they say of a name holds. */
const withOurs = (value: string, configDir: string): string => {
  const others = mapsIn(value).filter((one) => one !== mapName(configDir));
  return [...others, mapName(configDir)].join(", ");
};
export const withoutOurs = (value: string, configDir: string): string | undefined => {
  const others = mapsIn(value).filter((one) => one !== mapName(configDir));
  return others.length === 0 ? undefined : others.join(", ");
};

interface SniSituation {
  readonly explicit: Parameters;
  readonly services: readonly Service[];
  readonly overrides: ReadonlyMap<string, Parameters>;
  /** As they work out: `$my_maps` names our map as well. */
  readonly effective: Parameters;
  readonly expanded: ReadonlyMap<string, Parameters>;
}

/** A service of somebody's own, or another parameter that main.cf's list refers to. */
const isNamedElsewhere = ({ explicit, effective, expanded }: SniSituation, configDir: string): boolean => {
  const count = (of: Parameters): number =>
    mapsIn(of.get(sniParameter) ?? "").filter((one) => one === mapName(configDir)).length;
  return count(effective) > count(explicit) || [...expanded.values()].some((own) => count(own) > 0);
};

/**
 * The map first, then who is to use it: at no moment is a map named that is not there. `tables`: rows made from it are what a database holds (rows.ts), so
 * that Postfix itself does not read it; it goes on doing so until `tables` says that the database answers for every name.
 */
export const planSni = async (
  situation: SniSituation,
  configDir: string,
  main: ServedCertificate | undefined,
  bySni: readonly ServedCertificate[],
  tables?: (value: string, keys: readonly string[]) => Promise<boolean>,
): Promise<readonly Change[]> => {
  const { explicit, services, overrides } = situation;
  const path = mapFile(configDir);
  const text = await readTextIfPresent(path);
  const value = explicit.get(sniParameter);
  const named = namesOurs(value, configDir);
  const file = { kind: "file", path, mode, before: text, shared: true } as const;
  const parameter = { kind: "parameter", parameter: sniParameter, before: value, shared: true } as const;
  if (bySni.length === 0) {
    const drop = named ? [{ ...parameter, after: withoutOurs(value ?? "", configDir) }] : [];
    if (text === undefined) return drop;
    // Who looks into it finds nothing there from now on, instead of no table.
    const empty = stamped(mapText(main, []));
    if (isNamedElsewhere(situation, configDir))
      return [...drop, ...(text === empty ? [] : [{ ...file, content: empty }])];
    // What a database holds is made from it, whatever main.cf names: as long as it is there, its keys are handed on.
    return [...drop, ...(named || tables || isStamped(text) ? [{ ...file, content: undefined }] : [])];
  }
  const content = stamped(mapText(main, bySni));
  const write: readonly Change[] = text === content && (await modeOf(path)) === mode ? [] : [{ ...file, content }];
  if (tables) {
    const keys = mapEntries(main, bySni).map(({ key }) => key);
    const others = withoutOurs(value ?? "", configDir);
    const drop = named && others !== undefined && (await tables(others, keys));
    return [...write, ...(drop ? [{ ...parameter, after: others }] : [])];
  }
  // A service that has a certificate of its own has had it for every name.
  const apart = services.filter((service) => {
    const own = overrides.get(service.id) ?? new Map<string, string>();
    return service.command === "smtpd" && ownCertificateOf(own) && !own.has(sniParameter);
  });
  return [
    ...write,
    ...(named
      ? []
      : [
          ...apart.map(({ id }): Change => ({
            kind: "service-parameter",
            service: id,
            parameter: sniParameter,
            before: undefined,
            after: value ?? "",
            shared: true,
          })),
          { ...parameter, after: withOurs(value ?? "", configDir) },
        ]),
  ];
};
