// Dovecot's TLS policy: a second include file, read behind the one with the certificate, and what wins over it made a comment.
import { basename, dirname, join } from "node:path";
import type { Finding } from "../../domain/finding.ts";
import { clean } from "../../domain/text.ts";
import { type PolicyName, followsProfile, policyFor } from "../../domain/tls-policy.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { modeOf } from "../edits.ts";
import { linkedLibrary } from "../linked-library.ts";
import type { PolicyPlan, PolicySetting } from "../policy.ts";
import type { Change, Installation } from "../server.ts";
import { doveconf } from "./doveconf.ts";
import { type Configuration, type Place, readConfiguration } from "./files.ts";
import { type Generation, knownGeneration } from "./generation.ts";
import { policyFile } from "./policy-file.ts";
import { type PolicyKey, type Wish, namesOf, policyIn, policyKeys, wishesOf } from "./policy-settings.ts";
import { asComment } from "./scopes.ts";

type PolicyPlace = Place<PolicyKey>;

/** The module that speaks TLS has a place of its own; `dovecot` itself is not linked with it. */
const libraryOf = async ({ run }: ServerDependencies) => {
  const folder =
    (await doveconf(run, ["mail_plugin_dir"])).settings.get("mail_plugin_dir") ?? "/usr/lib/dovecot/modules";
  return linkedLibrary(run, join(folder, "libssl_iostream_openssl.so"));
};

/** What holds outside any block. doveconf prints 2.4's `ssl_server {}` without what nobody set. */
const effectiveSettings = async (
  { run }: ServerDependencies,
  generation: Generation,
): Promise<ReadonlyMap<PolicyKey, string>> => {
  const names = namesOf(generation);
  const asked = policyKeys.map((key) => names[key]).filter((name) => !name.startsWith("ssl_server_"));
  const root = await doveconf(run, [...asked, ...(generation.version === "2.4" ? ["ssl_server"] : [])]);
  const found = policyIn(root, names);
  return generation.version === "2.4" && !found.has("order") ? new Map([...found, ["order", "client"]]) : found;
};

/** Blocks of people's protocols, names and addresses; `service {}` and others have settings of the same names that mean something else. */
const holdsForPeople = ({ filters }: PolicyPlace): boolean =>
  filters.every((filter) => /^(protocol|local_name|local|remote) /.test(filter)) &&
  !filters.some((filter) => /^protocol (lmtp|lda|doveadm|auth|indexer-worker)$/.test(filter));

const isInIncludedFolder = (ours: string): boolean => basename(ours).startsWith("99-");

/** Whether Dovecot reads that place behind our file, which may not be there yet: the later one wins. */
const isBehind = ({ files }: Configuration<PolicyKey>, ours: string, place: PolicyPlace): boolean => {
  const own = files.get(ours);
  if (own !== undefined) return place.order > own;
  // A file of the main folder is named in a line that becomes the last one.
  if (!isInIncludedFolder(ours)) return false;
  if (dirname(place.path) === dirname(ours))
    return Buffer.compare(Buffer.from(basename(place.path)), Buffer.from(basename(ours))) > 0;
  const neighbours = [...files].filter(([path]) => dirname(path) === dirname(ours)).map(([, order]) => order);
  return neighbours.length > 0 && place.order > Math.max(...neighbours);
};

const at = ({ path, line }: PolicyPlace): string => `${path} line ${line}`;

interface Situation {
  readonly profile: PolicyName;
  readonly names: Readonly<Record<PolicyKey, string>>;
  readonly wishes: Readonly<Record<PolicyKey, Wish>>;
  readonly effective: ReadonlyMap<PolicyKey, string>;
  /** By key, what our file sets. */
  readonly ours: ReadonlyMap<PolicyKey, string>;
  /** Outside any block, behind our file, weaker than the profile. */
  readonly winners: readonly PolicyPlace[];
  /** In blocks, weaker than the profile. */
  readonly inBlocks: readonly PolicyPlace[];
  /** Somebody has set it, outside any block. */
  readonly explicit: (key: PolicyKey) => boolean;
}

/** What mailcert set follows the profile, also where that asks for less than before. */
const whyOf = (key: PolicyKey, { why, asStrict }: Wish, own: string | undefined, profile: PolicyName): string =>
  key === "minimum" && own !== undefined && asStrict(own) ? followsProfile(profile) : why;

const rowsForEverybody = ({ names, wishes, effective, ours, winners, profile }: Situation): readonly PolicySetting[] =>
  policyKeys.flatMap((key) => {
    const { value, asStrict } = wishes[key];
    const now = effective.get(key) ?? "";
    const own = ours.get(key);
    if (own === undefined ? asStrict(now) : own === value && asStrict(now)) return [];
    const place = winners.findLast(({ setting }) => setting === key);
    return [
      {
        scope: "everybody",
        setting: names[key],
        now: clean(now, 300),
        wanted: value,
        why: whyOf(key, wishes[key], own, profile),
        ...(place ? { place: at(place) } : {}),
      },
    ];
  });

const rowsInBlocks = ({ names, wishes, inBlocks }: Situation): readonly PolicySetting[] =>
  inBlocks
    .filter(({ filters }) => !isException(filters))
    .map((place) => ({
      scope: place.filters.join(", "),
      setting: names[place.setting],
      now: clean(place.value, 300),
      wanted: "as for everybody",
      why: wishes[place.setting].why,
      place: at(place),
    }));

/** Somebody decided this for a network of their own. */
const isException = (filters: readonly string[]): boolean => filters.some((filter) => filter.startsWith("remote "));

const exceptions = ({ inBlocks, names }: Situation): readonly Finding[] =>
  inBlocks
    .filter(({ filters }) => isException(filters))
    .map((place) => ({
      check: "harden-exception",
      severity: "info",
      message: `Dovecot: ${place.filters.join(", ")} keeps ${names[place.setting]} = ${clean(place.value, 200)} (${at(place)}): an exception that somebody made for a network`,
      hint: "take the line out if it is not meant any more, then: doveadm reload",
    }));

export const hardenDovecot = async (
  dependencies: ServerDependencies,
  installation: Installation,
  profile: PolicyName,
): Promise<PolicyPlan> => {
  const { configDir, version } = installation;
  const generation = knownGeneration(version);
  const library = await libraryOf(dependencies);
  const policy = policyFor(profile, library);
  const names = namesOf(generation);
  const wishes = wishesOf(policy, generation);
  const mainFile = join(configDir, "dovecot.conf");
  const configuration = await readConfiguration(mainFile, { names });
  const path = policyFile(configDir, configuration);
  const before = await readTextIfPresent(path);
  const weak = configuration.places.filter(
    (place) => place.path !== path && holdsForPeople(place) && !wishes[place.setting].asStrict(place.value),
  );
  const situation: Situation = {
    profile,
    names,
    wishes,
    effective: await effectiveSettings(dependencies, generation),
    ours: new Map(
      (before ?? "").split("\n").flatMap((line) => {
        const [name = "", ...rest] = line.split(" = ");
        const key = policyKeys.find((one) => names[one] === name);
        return key === undefined ? [] : [[key, rest.join(" = ")] as const];
      }),
    ),
    winners: weak.filter((place) => place.filters.length === 0 && isBehind(configuration, path, place)),
    inBlocks: weak.filter(({ filters }) => filters.length > 0),
    explicit: (key) =>
      configuration.places.some(
        ({ filters, setting, path: where }) => filters.length === 0 && setting === key && where !== path,
      ),
  };
  const rows = rowsForEverybody(situation);
  const settings = [...rows, ...rowsInBlocks(situation)];
  const edits = [...situation.winners, ...situation.inBlocks.filter(({ filters }) => !isException(filters))];
  return {
    ...(library ? { library } : {}),
    settings,
    stricter: stricterOnes(situation),
    notCovered: [],
    changes: [
      ...(await fileChanges(dependencies, { path, before, mainFile, configuration, profile }, situation, rows)),
      ...edits.map(asComment),
    ],
    notes: exceptions(situation),
  };
};

const stricterOnes = ({ names, wishes, effective, ours, explicit }: Situation): readonly string[] =>
  policyKeys.flatMap((key) => {
    const now = effective.get(key) ?? "";
    const { value, asStrict } = wishes[key];
    const stays = !ours.has(key) && explicit(key) && asStrict(now) && now !== value;
    return stays ? [`${names[key]} = ${clean(now, 200)}`] : [];
  });

interface PolicyFile {
  readonly path: string;
  readonly before: string | undefined;
  readonly mainFile: string;
  readonly configuration: Configuration<PolicyKey>;
  readonly profile: PolicyName;
}

/** Only what Dovecot does not do by itself is written: what is strict enough already stays somebody else's. */
const fileChanges = async (
  { render }: ServerDependencies,
  { path, before, mainFile, configuration, profile }: PolicyFile,
  { names, wishes, ours }: Situation,
  rows: readonly PolicySetting[],
): Promise<readonly Change[]> => {
  const missing = new Set(rows.map(({ setting }) => setting));
  const written = policyKeys.filter((key) => ours.has(key) || missing.has(names[key]));
  if (written.length === 0) return [];
  const settings = written.map((key) => ({ name: names[key], value: wishes[key].value }));
  const content = render("dovecot-policy.conf", { profile, settings }, "dovecot");
  // At 0600 local delivery breaks: dovecot-lda reads the configuration as the recipient.
  const mode = 0o644;
  const settled = before !== undefined && (rows.length === 0 || before === content) && (await modeOf(path)) === mode;
  const include = `!include_try ${path}`;
  const unread = !isInIncludedFolder(path) && !configuration.includes.includes(path);
  return [
    ...(settled ? [] : [{ kind: "file", path, content, mode, before } as const]),
    ...(unread ? [{ kind: "line", path: mainFile, line: 0, before: undefined, after: include } as const] : []),
  ];
};
