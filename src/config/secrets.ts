// The settings of a DNS updater (`secrets/NAME.yaml`): YAML text -> provider and its settings, or every problem with its line and no value shown.
import { type Node, isScalar } from "yaml";
import { Failure } from "../domain/failure.ts";
import { clean } from "../domain/text.ts";
import { didYouMean } from "../domain/nearest.ts";
import { type ConfigFile, type Problem, configFailure, quoted } from "./problem.ts";
import {
  type Field,
  type Source,
  isNothing,
  openSource,
  readFields,
  readText,
  readWhole,
  reportUnknown,
} from "./source.ts";

export interface UpdaterFile {
  readonly provider: string;
  /** By key, without those that are the same for every provider. */
  readonly settings: Readonly<Record<string, string>>;
  /** Seconds in which every authoritative server must show a change; default 120. */
  readonly propagationTimeout: number;
}

/** What a provider knows: its keys, and whether they must be there. */
export type KnownProviders = Readonly<
  Record<string, { readonly settings: Readonly<Record<string, { readonly required: boolean }>> }>
>;

const ofEvery = ["provider", "propagation_timeout"];
const defaultTimeout = 120;
const mostSeconds = 600;

/** A number or a truth value is a text as it stands: `ttl: 60`. */
const valueOf = (source: Source, field: Field, name: string): string | undefined => {
  const { key, value } = field;
  if (isNothing(value)) source.report(key, `${name} has no value`, "give it one, or remove the line");
  else if (isScalar(value))
    return typeof value.value === "string" ? value.value : (value.source ?? String(value.value));
  else source.report((value as Node | null) ?? key, `${name} must be a text`);
  return undefined;
};

/** Messages quote the text that they stumbled over, and here any of it may be a secret, a key without its colon too. */
const hushed = (problem: Problem): Problem => {
  const { message, file, line, column } = problem;
  const place = { file, line, column };
  const unknown = /^(unknown|duplicate) key /.exec(message)?.[1];
  // The hints of these name known words and lines alone.
  if (unknown !== undefined)
    return {
      ...problem,
      message: `a key that is ${unknown === "unknown" ? "not known" : "there twice"} (it is not shown)`,
    };
  return /^not valid YAML|alias|without quotes/.test(message)
    ? { ...place, message: "not valid YAML (what stands there is not shown)" }
    : problem;
};

const refuse = (source: Source): Failure => configFailure(source.problems.map(hushed));

/** @param name of the file, without `.yaml`: the provider where the file names none. @throws Failure `config` with every problem. */
export const readUpdaterFile = (file: ConfigFile, name: string, providers: KnownProviders): UpdaterFile => {
  const source = openSource(file);
  if (source.problems.length > 0) throw refuse(source);
  if (source.root === undefined) {
    source.report(undefined, "the file says nothing", "it holds the settings of a DNS provider: docs/dns-providers.md");
    throw refuse(source);
  }
  const fields = readFields(source, source.root, "the file") ?? new Map<string, Field>();
  const chosen = readText(source, fields.get("provider"), "provider");
  const provider = chosen?.text ?? name;
  const known = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  if (known === undefined && source.problems.length === 0)
    source.report(
      chosen?.node,
      chosen === undefined
        ? `the provider ${quoted(name)} is not known`
        : "its provider is not known (it is not shown)",
      chosen === undefined
        ? `write provider: with one of ${Object.keys(providers).join(", ")}`
        : didYouMean(provider, Object.keys(providers)),
    );
  if (known === undefined) throw refuse(source);
  const keys = Object.keys(known.settings);
  reportUnknown(source, fields, "the file", [...ofEvery, ...keys]);
  const settings = keys.flatMap((key): readonly (readonly [string, string])[] => {
    const field = fields.get(key);
    if (field === undefined) {
      if (known.settings[key]?.required) source.report(undefined, `${key} is missing: ${provider} needs it`);
      return [];
    }
    const value = valueOf(source, field, key);
    return value === undefined ? [] : [[key, value]];
  });
  const seconds = readWhole(source, fields.get("propagation_timeout"), "propagation_timeout");
  if (seconds !== undefined && (seconds.number < 1 || seconds.number > mostSeconds))
    source.report(seconds.node, `propagation_timeout must be between 1 and ${mostSeconds} seconds`);
  if (source.problems.length > 0) throw refuse(source);
  return {
    provider,
    settings: Object.fromEntries(settings),
    propagationTimeout: seconds?.number ?? defaultTimeout,
  };
};

/** Where there is no such file. */
export const noUpdaterFile = (path: string, name: string, providers: KnownProviders): Failure =>
  new Failure("config", `dns: ${clean(name, 63)} needs its settings in ${path}: there is no such file`, {
    hints: [
      `make it with mode 0600: provider: with one of ${Object.keys(providers).join(", ")}, and its settings (docs/dns-providers.md)`,
    ],
    facts: { path, code: "NO_UPDATER" },
  });
