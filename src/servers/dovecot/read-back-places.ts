// Reads back whether each address and service of a Dovecot that has a certificate of its own is served it.
import { canonicalIp } from "../../domain/ip.ts";
import type { Override, ServedCertificate } from "../server.ts";
import { foreignBlocks } from "./blocks.ts";
import { ourFile } from "./files.ts";
import { wantedSettings } from "./generation.ts";
import { namesBesidePlaces } from "./names-beside-places.ts";
import { type DovecotPlaces, addressesIn, placedAt } from "./places.ts";
import { type ReadBackInput, type Scope, placeIn, sameScope, settingsOfScope, unread, wrong } from "./scopes.ts";

/** `local 192.0.2.11`, `protocol imap`: for whom a block holds; undefined in it: for everybody. */
const forWhom = (filters: readonly string[]): { readonly address?: string; readonly protocol?: string } => {
  const label = (kind: string): string | undefined =>
    filters.map((filter) => filter.split(" ")).find(([word]) => word === kind)?.[1];
  const [address, protocol] = [label("local"), label("protocol")];
  const plain = address?.replace(/\/(32|128)$/, "");
  return {
    ...(plain === undefined ? {} : { address: canonicalIp(plain) ?? plain }),
    ...(protocol === undefined ? {} : { protocol }),
  };
};

export const ownerOf = (places: DovecotPlaces, filters: readonly string[]): ServedCertificate | undefined => {
  const { address, protocol } = forWhom(filters);
  return placedAt(places, address, protocol);
};

/** Blocks for addresses and services: each must say what is to be served there, ours must be read, and on 2.3 none by name may meet them. */
export const placeOverrides = async (
  input: ReadBackInput,
  places: DovecotPlaces,
  scopes: readonly Scope[],
): Promise<readonly Override[]> => {
  const { generation, main, configuration, configDir } = input;
  const found: Override[] = [];
  for (const scope of scopes) {
    const owner = ownerOf(places, scope.filters);
    const wanted = owner ?? main;
    if (!wanted) continue;
    const different = wrong(await settingsOfScope(input, scope), wantedSettings(wanted, generation), "inherits");
    const whose = owner ? { certificate: owner.name } : {};
    if (different.length > 0)
      found.push({ scope: scope.filters.join(", "), ...whose, ...placeIn(input, scope.filters, different) });
  }
  const own = addressesIn(places);
  const foreign = foreignBlocks(configuration, ourFile(configDir, configuration));
  const keptAway = generation.version === "2.3" && own.length > 0 && foreign.size > 0;
  if (keptAway) found.push(...namesBesidePlaces(input, places, foreign));
  const byAddress = [
    ...[...places.whole].map(([address, one]) => ({ filters: [`local ${address}`], one })),
    ...[...places.partial].flatMap(([address, of]) =>
      [...of].map(([protocol, one]) => ({ filters: [`local ${address}`, `protocol ${protocol}`], one })),
    ),
  ];
  const blocks = [
    ...(keptAway ? [] : byAddress),
    ...[...places.everywhere].map(([protocol, one]) => ({ filters: [`protocol ${protocol}`], one })),
  ];
  const missing = blocks.filter(({ filters }) => !scopes.some((scope) => sameScope(plain(scope.filters), filters)));
  for (const { filters, one } of missing)
    found.push({ scope: filters.join(", "), certificate: one.name, ...unread(input) });
  return found;
};

/** doveconf prints the mask of an address: `local 192.0.2.11/32`. */
const plain = (filters: readonly string[]): readonly string[] =>
  filters.map((filter) => filter.replace(/^(local .*)\/(?:32|128)$/, "$1"));
