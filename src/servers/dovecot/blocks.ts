// The `local_name` blocks that a Dovecot needs for several certificates, in the order that its generation reads them.
import { dnsNameMatches } from "../../domain/name-match.ts";
import { isWildcard } from "../../domain/names.ts";
import { coveredByOthers, sniNames } from "../../domain/sni-names.ts";
import type { ServedCertificate } from "../server.ts";
import type { Configuration, Place } from "./files.ts";
import type { Generation } from "./generation.ts";

export interface NameBlock {
  /** A host name, or a wildcard, which stands for one label in both generations (tried on 2.3.19 and 2.4.1). */
  readonly host: string;
  readonly certificate: ServedCertificate;
}

/** Blocks for one name (or several, which 2.3 allows) that somebody else wrote and that set a certificate or key. */
export const foreignBlocks = (
  { places }: Pick<Configuration, "places">,
  ourPath: string,
): ReadonlyMap<string, readonly Place[]> => {
  const found = new Map<string, Place[]>();
  for (const place of places) {
    const [filter, ...inner] = place.filters;
    if (place.path === ourPath || inner.length > 0 || !filter?.startsWith("local_name ")) continue;
    for (const host of filter.toLowerCase().split(" ").slice(1)) found.set(host, [...(found.get(host) ?? []), place]);
  }
  return found;
};

/** Every name with its certificate: the default's too where another one's wildcard would be taken for them. */
export const namesToServe = (
  main: ServedCertificate | undefined,
  bySni: readonly ServedCertificate[],
): readonly NameBlock[] => {
  const mine = sniNames(main, bySni);
  return [
    ...(main ? coveredByOthers(main, bySni).map((host) => ({ host, certificate: main })) : []),
    ...bySni.flatMap((certificate) => (mine.get(certificate.name) ?? []).map((host) => ({ host, certificate }))),
  ];
};

/** One that somebody else's block stands in the way of: writing ours would silently take that block's place. */
export const standsInTheWay = (
  foreign: ReadonlyMap<string, readonly Place[]>,
  { version }: Generation,
  host: string,
): string | undefined => {
  if (foreign.has(host)) return host;
  // 2.4 takes the last block that matches: our wildcard would win over their name.
  if (version !== "2.4" || !isWildcard(host)) return undefined;
  return [...foreign.keys()].find((name) => !isWildcard(name) && dnsNameMatches(host, name));
};

/** 2.3 takes the first block that matches, 2.4 the last: a name has to win over the wildcard above it. */
export const inOrder = (blocks: readonly NameBlock[], { version }: Generation): readonly NameBlock[] => {
  const wildcards = blocks.filter(({ host }) => isWildcard(host));
  const names = blocks.filter(({ host }) => !isWildcard(host));
  return version === "2.3" ? [...names, ...wildcards] : [...wildcards, ...names];
};
