// Reads Dovecot's effective settings back after a change: who is served something else, where that is written, and which edit would mend it.
import { clean } from "../../domain/text.ts";
import type { RunProgram } from "../../system/run.ts";
import { switchedOff } from "../marker.ts";
import type { Change, Override, ServedCertificate } from "../server.ts";
import { type Block, doveconf } from "./doveconf.ts";
import { type Configuration, type Place, ourFile } from "./files.ts";
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

/** Whether connections in this scope ask for the certificate: other names' blocks are somebody else's business. */
const concerns = (filters: readonly string[], names: readonly string[], protocols: readonly string[]): boolean =>
  filters.every((filter) => {
    const [kind = "", ...labels] = filter.toLowerCase().split(" ");
    if (kind === "local_name") {
      return labels.some((pattern) =>
        names.some((name) => name === pattern || (pattern.startsWith("*.") && name.replace(/^[^.]+/, "*") === pattern)),
      );
    }
    if (kind === "protocol") return labels.some((label) => label.startsWith("!") || protocols.includes(label));
    return true;
  });

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
  readonly certificate: ServedCertificate;
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

export const readBackDovecot = async (input: ReadBackInput): Promise<readonly Override[]> => {
  const { run, generation, configuration, certificate, protocols, mainFile } = input;
  const wanted = wantedSettings(certificate, generation);
  const names = certificate.names.map((name) => name.toLowerCase());
  const overrides = [...(await globalOverride(input, wanted))];
  for (const scope of scopesOf(await doveconf(run, ["-n"]))) {
    if (!concerns(scope.filters, names, protocols)) continue;
    const different = wrong(await settingsOfScope(input, scope), wanted, "inherits");
    if (different.length === 0) continue;
    // Certificate and key go together: one commented out without the other would leave a pair that does not match.
    const places = configuration.places.filter((place) => sameScope(place.filters, scope.filters));
    const first = places.find((place) => different.includes(place.setting));
    overrides.push({
      scope: scope.filters.join(", "),
      ...(first
        ? { path: first.path, line: first.line, setting: shown(first) }
        : { path: mainFile, setting: different.map((setting) => generation.names[setting]).join(", ") }),
      edit: places.map(asComment),
    });
  }
  return overrides;
};
