// Reads Dovecot's effective settings back after a change: who is served something else, where that is written, and which edit would mend it.
import { clean } from "../../domain/text.ts";
import type { RunProgram } from "../../system/run.ts";
import { switchedOff } from "../marker.ts";
import { sniNames } from "../../domain/sni-names.ts";
import type { Change, Override, ServedCertificate } from "../server.ts";
import { foreignBlocks, standsInTheWay } from "./blocks.ts";
import { type Block, doveconf } from "./doveconf.ts";
import { type Configuration, type Place, ourFile } from "./files.ts";
import { winnerFor } from "./winner.ts";
import { type Generation, type TlsSetting, settingsIn, tlsSettings, wantedSettings } from "./generation.ts";

type Settings = ReadonlyMap<TlsSetting, string>;
type Wanted = Readonly<Record<TlsSetting, string>>;

/** A block whose settings hold for some connections only, with the blocks around it. */
interface Scope {
  readonly filters: readonly string[];
  readonly block: Block;
}

const filterNames = ["protocol", "local_name", "local", "remote"];

const scopesOf = (block: Block, around: readonly string[] = []): readonly Scope[] =>
  block.blocks
    .filter((inner) => filterNames.includes(inner.name))
    .flatMap((inner) => {
      const filters = [...around, `${inner.name} ${inner.label}`];
      return [{ filters, block: inner }, ...scopesOf(inner, filters)];
    });

const ofProtocols = (filters: readonly string[], protocols: readonly string[]): boolean =>
  filters.every((filter) => {
    const [kind, ...labels] = filter.toLowerCase().split(" ");
    return kind !== "protocol" || labels.some((label) => label.startsWith("!") || protocols.includes(label));
  });

/** The patterns of a block for names, also one inside or around another filter; undefined: it holds for every name. */
const patternsOf = (filters: readonly string[]): readonly string[] | undefined => {
  const named = filters.map((filter) => filter.toLowerCase().split(" ")).find(([kind]) => kind === "local_name");
  return named?.slice(1);
};

/** `doveconf -f` arguments for a scope, or undefined where doveconf has no word for it (`protocol !lmtp`). */
const filterArguments = (filters: readonly string[], generation: Generation): readonly string[] | undefined => {
  const args: string[] = [];
  for (const filter of filters) {
    const [kind = "", label = ""] = filter.split(" ");
    if (label.startsWith("!")) return undefined;
    const word = kind === "local_name" ? generation.nameFilter : kind;
    args.push("-f", `${word}=${label.replace(/\/\d+$/, "")}`);
  }
  return args;
};

const sameScope = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((filter, index) => filter.toLowerCase() === b[index]?.toLowerCase());

const asComment = (place: Place): Change => ({
  kind: "line",
  path: place.path,
  line: place.line,
  before: place.text,
  after: switchedOff(place.text),
});

/** A line fit to show: a value that is not a path could be a key. */
const shown = ({ text, value }: Place): string =>
  /^<?\//.test(value) || value === ""
    ? clean(text, 200)
    : `${clean(text.split("=")[0] ?? "", 60)} = (a value that is not a path)`;

export interface ReadBackInput {
  readonly run: RunProgram;
  readonly mainFile: string;
  readonly configDir: string;
  readonly generation: Generation;
  readonly configuration: Configuration;
  /** undefined: Dovecot keeps its own. */
  readonly main: ServedCertificate | undefined;
  readonly bySni: readonly ServedCertificate[];
  readonly protocols: readonly string[];
}

const ask = async ({ run, generation }: ReadBackInput, filters: readonly string[]): Promise<Settings> => {
  const queries = tlsSettings.map((setting) => generation.queries[setting]);
  return settingsIn(await doveconf(run, [...filters, ...queries]), generation);
};

const wrong = (found: Settings, wanted: Wanted, absent: "is-empty" | "inherits"): readonly TlsSetting[] =>
  tlsSettings.filter((setting) => {
    const value = found.get(setting) ?? (absent === "is-empty" ? "" : wanted[setting]);
    return value !== wanted[setting];
  });

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

/** Settings of one block, as `doveconf -n` prints them; 2.3 hides keys there, so that those are asked for one by one. */
const settingsOfScope = async (input: ReadBackInput, scope: Scope): Promise<Settings> => {
  const found = new Map(settingsIn(scope.block, input.generation));
  const hidden = [...found].filter(([, value]) => value.startsWith("# hidden")).map(([setting]) => setting);
  if (hidden.length === 0) return found;
  const args = filterArguments(scope.filters, input.generation);
  const asked = args && (await ask(input, args));
  const place = (setting: TlsSetting): Place | undefined =>
    input.configuration.places.findLast((one) => one.setting === setting && sameScope(one.filters, scope.filters));
  for (const setting of hidden) found.set(setting, asked?.get(setting) ?? place(setting)?.value ?? "");
  return found;
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

const placedAt = (
  input: ReadBackInput,
  filters: readonly string[],
  different: readonly TlsSetting[],
): Pick<Override, "path" | "line" | "setting" | "edit"> => {
  const { configuration, generation, mainFile, configDir } = input;
  const ours = ourFile(configDir, configuration);
  // Certificate and key go together: one commented out without the other would leave a pair that does not match.
  const places = configuration.places.filter((place) => place.path !== ours && sameScope(place.filters, filters));
  const first = places.find((place) => different.includes(place.setting)) ?? places[0];
  return {
    ...(first
      ? { path: first.path, line: first.line, setting: shown(first) }
      : { path: mainFile, setting: different.map((setting) => generation.names[setting]).join(", ") }),
    edit: places.map(asComment),
  };
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
      const at = other === undefined ? unread(input) : placedAt(input, [scope], ["cert"]);
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
    found.set(key, { scope: scope.filters.join(", "), ...whose, ...placedAt(input, scope.filters, different) });
  }
  return [...found.values()];
};

/** Our file has the blocks, and Dovecot does not: nothing includes it. */
const unread = ({ configDir, configuration, mainFile }: ReadBackInput): Pick<Override, "path" | "setting" | "edit"> => {
  const path = ourFile(configDir, configuration);
  const after = `!include_try ${path}`;
  return {
    path: mainFile,
    setting: `no line that includes ${path}`,
    edit: configuration.files.has(path) ? [] : [{ kind: "line", path: mainFile, line: 0, before: undefined, after }],
  };
};

export const readBackDovecot = async (input: ReadBackInput): Promise<readonly Override[]> => {
  const { run, generation, main, protocols } = input;
  const scopes = scopesOf(await doveconf(run, ["-n"], { maxOutput: 64 << 20 })).filter(
    ({ filters, block }) => ofProtocols(filters, protocols) && settingsIn(block, generation).size > 0,
  );
  const overrides: Override[] = [];
  if (main) {
    const wanted = wantedSettings(main, generation);
    overrides.push(...(await globalOverride(input, wanted)));
    for (const scope of scopes.filter(({ filters }) => patternsOf(filters) === undefined)) {
      const different = wrong(await settingsOfScope(input, scope), wanted, "inherits");
      if (different.length > 0)
        overrides.push({ scope: scope.filters.join(", "), ...placedAt(input, scope.filters, different) });
    }
  }
  const named = scopes.filter(({ filters }) => patternsOf(filters) !== undefined);
  const unreadAlready = overrides.some(({ edit }) =>
    edit.some((change) => change.kind === "line" && change.line === 0),
  );
  const byName = await nameOverrides(input, named);
  return [
    ...overrides,
    ...byName.filter(
      ({ edit }) => !unreadAlready || edit.every((change) => change.kind !== "line" || change.line !== 0),
    ),
  ];
};
