// The blocks of a Dovecot's effective configuration, what they set, and where that is written.
import { clean } from "../../domain/text.ts";
import type { RunProgram } from "../../system/run.ts";
import { switchedOff } from "../marker.ts";
import type { Change, Override, PlacedCertificate, ServedCertificate } from "../server.ts";
import { type Block, doveconf } from "./doveconf.ts";
import { type Configuration, type Place, ourFile } from "./files.ts";
import { type Generation, type TlsSetting, settingsIn, tlsSettings } from "./generation.ts";
import type { Offered } from "./places.ts";

export type Settings = ReadonlyMap<TlsSetting, string>;
export type Wanted = Readonly<Record<TlsSetting, string>>;

/** A block whose settings hold for some connections only, with the blocks around it. */
export interface Scope {
  readonly filters: readonly string[];
  readonly block: Block;
}

const filterNames = ["protocol", "local_name", "local", "remote"];

export const scopesOf = (block: Block, around: readonly string[] = []): readonly Scope[] =>
  block.blocks
    .filter((inner) => filterNames.includes(inner.name))
    .flatMap((inner) => {
      const filters = [...around, `${inner.name} ${inner.label}`];
      return [{ filters, block: inner }, ...scopesOf(inner, filters)];
    });

export const ofProtocols = (filters: readonly string[], protocols: readonly string[]): boolean =>
  filters.every((filter) => {
    const [kind, ...labels] = filter.toLowerCase().split(" ");
    return kind !== "protocol" || labels.some((label) => label.startsWith("!") || protocols.includes(label));
  });

/** The patterns of a block for names, also one inside or around another filter; undefined: it holds for every name. */
export const patternsOf = (filters: readonly string[]): readonly string[] | undefined => {
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

export const sameScope = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((filter, index) => filter.toLowerCase() === b[index]?.toLowerCase());

export const asComment = (place: Pick<Place, "path" | "line" | "text">): Change => ({
  kind: "line",
  path: place.path,
  line: place.line,
  before: place.text,
  after: switchedOff(place.text),
});

/** A line fit to show: a value that is not a path could be a key. */
export const shown = ({ text, value }: Place): string =>
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
  readonly placed: readonly PlacedCertificate[];
  /** Services that this Dovecot has; asked for where some have a certificate of their own. */
  readonly offered: Offered;
}

export const ask = async ({ run, generation }: ReadBackInput, filters: readonly string[]): Promise<Settings> => {
  const queries = tlsSettings.map((setting) => generation.queries[setting]);
  return settingsIn(await doveconf(run, [...filters, ...queries]), generation);
};

export const wrong = (found: Settings, wanted: Wanted, absent: "is-empty" | "inherits"): readonly TlsSetting[] =>
  tlsSettings.filter((setting) => {
    const value = found.get(setting) ?? (absent === "is-empty" ? "" : wanted[setting]);
    return value !== wanted[setting];
  });

/** Settings of one block, as `doveconf -n` prints them; 2.3 hides keys there, so that those are asked for one by one. */
export const settingsOfScope = async (input: ReadBackInput, scope: Scope): Promise<Settings> => {
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

export const placeIn = (
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

export const addsInclude = ({ edit }: Override): boolean =>
  edit.some((change) => change.kind === "line" && change.line === 0);

/** Our file has the blocks, and Dovecot does not: nothing includes it. */
export const unread = ({
  configDir,
  configuration,
  mainFile,
}: ReadBackInput): Pick<Override, "path" | "setting" | "edit"> => {
  const path = ourFile(configDir, configuration);
  const after = `!include_try ${path}`;
  return {
    path: mainFile,
    setting: `no line that includes ${path}`,
    edit: configuration.files.has(path) ? [] : [{ kind: "line", path: mainFile, line: 0, before: undefined, after }],
  };
};
