// Reads Dovecot's effective settings back after a change: who is served something else, where that is written, and which edit would mend it.
import type { Override } from "../server.ts";
import { sniNames } from "../../domain/sni-names.ts";
import { clean } from "../../domain/text.ts";
import { foreignBlocks, standsInTheWay } from "./blocks.ts";
import { doveconf } from "./doveconf.ts";
import { type Place, ourFile } from "./files.ts";
import { settingsIn, tlsSettings, wantedSettings } from "./generation.ts";
import { notOurs } from "./names-beside-places.ts";
import { dovecotPlaces } from "./places.ts";
import { ownerOf, placeOverrides } from "./read-back-places.ts";
import {
  type ReadBackInput,
  type Scope,
  type Settings,
  type Wanted,
  addsInclude,
  asComment,
  ask,
  ofProtocols,
  patternsOf,
  placeIn,
  scopesOf,
  settingsOfScope,
  shown,
  unread,
  wrong,
} from "./scopes.ts";
import { winnerFor } from "./winner.ts";

/** Everything outside any block. */
const globalOverride = async (input: ReadBackInput, wanted: Wanted): Promise<readonly Override[]> => {
  const { configuration, configDir, mainFile } = input;
  const different = wrong(await ask(input, []), wanted, "is-empty");
  if (different.length === 0) return [];
  const path = ourFile(configDir, configuration);
  const ours = configuration.files.get(path);
  const others = configuration.places.filter((place) => place.filters.length === 0 && place.path !== path);
  const winners = others.filter((place) => different.includes(place.setting) && place.order > (ours ?? -1));
  const certificates = (places: readonly Place[]): Place | undefined =>
    places.findLast((place) => place.setting === "cert") ?? places.at(-1);
  const last = certificates(winners) ?? certificates(others);
  const where = last
    ? { path: last.path, line: last.line, setting: shown(last) }
    : { path: mainFile, setting: `${input.generation.names.cert} =` };
  if (ours === undefined) {
    const after = `!include_try ${path}`;
    return [
      { scope: "everything", ...where, edit: [{ kind: "line", path: mainFile, line: 0, before: undefined, after }] },
    ];
  }
  return [{ scope: "everything", ...where, edit: winners.map(asComment) }];
};

/** Who is to get what: every name of every certificate, with its settings. */
interface WantedName {
  readonly name: string;
  readonly wanted: Wanted;
  /** Absent: the certificate that everybody gets. */
  readonly certificate?: string;
}

const wantedNames = ({ main, bySni, generation }: ReadBackInput): readonly WantedName[] => {
  const mine = sniNames(main, bySni);
  return [
    ...(main ? (mine.get(main.name) ?? []).map((name) => ({ name, wanted: wantedSettings(main, generation) })) : []),
    ...bySni.flatMap((certificate) => {
      const wanted = wantedSettings(certificate, generation);
      return (mine.get(certificate.name) ?? []).map((name) => ({ name, wanted, certificate: certificate.name }));
    }),
  ];
};

/** A block for several names, or for all below one: who else gets everybody's certificate without it. */
const lost = (input: ReadBackInput, filters: readonly string[]): Pick<Override, "loses"> => {
  const others = notOurs(input, filters);
  if (others.length === 0) return {};
  const named = `${clean(others.slice(0, 3).join(", "), 200)}${others.length > 3 ? ` (and ${others.length - 3} more)` : ""}`;
  return { loses: `clients that ask for ${named} get the certificate of everybody` };
};

/** Blocks that hold for some names alone: for each name the one that wins must be ours, or say the same. */
const nameOverrides = async (input: ReadBackInput, scopes: readonly Scope[]): Promise<readonly Override[]> => {
  const { generation, configuration, configDir, main } = input;
  const named = scopes.map((scope) => ({ scope, patterns: patternsOf(scope.filters) ?? [] }));
  const foreign = foreignBlocks(configuration, ourFile(configDir, configuration));
  const found = new Map<string, Override>();
  const settings = new Map<Scope, Settings>();
  for (const { name, wanted, certificate } of wantedNames(input)) {
    const won = winnerFor(named, name, generation);
    const whose = certificate === undefined ? {} : { certificate };
    if (won === undefined) {
      // The default is for everybody who asks for no name of these: the rest is said of the settings outside any block.
      const other = certificate === undefined ? undefined : standsInTheWay(foreign, generation, name);
      if (certificate === undefined || found.has(`${certificate} ${other}`)) continue;
      const scope = `local_name ${other ?? name}`;
      const at =
        other === undefined ? unread(input) : { ...placeIn(input, [scope], ["cert"]), ...lost(input, [scope]) };
      found.set(other === undefined ? "unread" : `${certificate} ${other}`, { scope, ...whose, ...at });
      continue;
    }
    const { scope } = won;
    // Our own block, as it was written: 2.3 hides the keys of all five hundred of them.
    const printed = settingsIn(scope.block, generation);
    const untouched = won.patterns.every((pattern) => !foreign.has(pattern));
    if (untouched && printed.get("cert") === wanted.cert && (printed.get("altCert") ?? "") === wanted.altCert) continue;
    const present = settings.get(scope) ?? (await settingsOfScope(input, scope));
    settings.set(scope, present);
    // What a block leaves open, everybody's certificate fills.
    const rest = certificate === undefined || main === undefined ? {} : wantedSettings(main, generation);
    const different = tlsSettings.filter(
      (setting) => (present.get(setting) ?? { ...wanted, ...rest }[setting]) !== wanted[setting],
    );
    const key = `${certificate ?? ""} ${scope.filters.join(", ")}`;
    if (different.length === 0 || found.has(key)) continue;
    const at = { ...placeIn(input, scope.filters, different), ...lost(input, scope.filters) };
    found.set(key, { scope: scope.filters.join(", "), ...whose, ...at });
  }
  return [...found.values()];
};

export const readBackDovecot = async (input: ReadBackInput): Promise<readonly Override[]> => {
  const { run, generation, main, protocols, placed, offered } = input;
  const places = dovecotPlaces(placed, offered);
  const scopes = scopesOf(await doveconf(run, ["-n"], { maxOutput: 64 << 20 })).filter(
    ({ filters, block }) => ofProtocols(filters, protocols) && settingsIn(block, generation).size > 0,
  );
  const overrides: Override[] = [];
  if (main) {
    const wanted = wantedSettings(main, generation);
    overrides.push(...(await globalOverride(input, wanted)));
  }
  const nameless = scopes.filter(({ filters }) => patternsOf(filters) === undefined);
  // In a file that is not read, nothing is: once is enough.
  if (!overrides.some(addsInclude)) overrides.push(...(await placeOverrides(input, places, nameless)));
  const named = scopes.filter(
    ({ filters }) => patternsOf(filters) !== undefined && ownerOf(places, filters) === undefined,
  );
  const unreadAlready = overrides.some(addsInclude);
  const byName = await nameOverrides(input, named);
  return [...overrides, ...byName.filter((one) => !unreadAlready || !addsInclude(one))];
};
