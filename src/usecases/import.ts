// Import: what another ACME client made becomes ours: account, key, certificate, settings. Stops at staged; nothing of the client's is changed.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { defaults } from "../domain/certificate-defaults.ts";
import { Failure } from "../domain/failure.ts";
import type { ImportClient } from "../domain/import-clients.ts";
import { type LineageGroup, accountFor, configOf, groupLineages, wordsFor } from "../domain/imported-certificate.ts";
import { isWildcard } from "../domain/names.ts";
import type { FoundInventory } from "../importers/find.ts";
import type { ForeignAccount, Lineage } from "../importers/importer.ts";
import type { ForeignSchedule } from "../importers/schedules.ts";
import type { Adoption } from "../issuers/acme/adopt-account.ts";
import type { GenerationRecord } from "../store/store.ts";
import { type ImportedLeaf, importGeneration, leavesOf } from "./import-generation.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

export interface ImportOptions {
  readonly client: ImportClient;
  /** Absolute; undefined: where the client usually keeps its files. */
  readonly folder?: string;
  /** Lineages, or certificates' first names; none: the only one there is. */
  readonly names: readonly string[];
  /** The ACME directory, for clients that do not write it down. */
  readonly directory?: string;
  readonly caFile?: string;
  readonly dryRun: boolean;
}

export interface ImportedAccount {
  readonly path: string;
  readonly directory: string;
  readonly url: string;
  readonly email?: string;
  /** `other`: mailcert has an account of its own at this CA, `ours`; it stays in use. */
  readonly outcome: Adoption["outcome"];
  readonly ours?: string;
}

export interface ImportedCertificate {
  readonly certificate: string;
  readonly names: readonly string[];
  readonly lineages: readonly string[];
  readonly leaves: readonly ImportedLeaf[];
  /** ISO date. */
  readonly notAfter: string;
  /** `present`: nothing was left to do. `kept`: mailcert has another certificate for it, which stays. */
  readonly outcome: "imported" | "present" | "kept";
  /** Absent in a dry run, and where another is kept. */
  readonly generation?: GenerationRecord;
  /** Whether it is deployed to the mail servers found on this host, or to none. */
  readonly servers: "auto" | "none" | readonly string[];
  readonly configChanged: boolean;
  /** How to keep the other client from renewing it, where that one goes on with others. */
  readonly withoutIt: readonly string[];
}

export interface ImportResult {
  readonly client: ImportClient;
  readonly folder: string;
  readonly dryRun: boolean;
  readonly config: string;
  readonly accounts: readonly ImportedAccount[];
  readonly certificates: readonly ImportedCertificate[];
  readonly notTranslated: readonly string[];
  /** Lineages that the client keeps and nobody asked for. */
  readonly left: readonly string[];
  readonly schedules: readonly ForeignSchedule[];
}

const choose = (
  groups: readonly LineageGroup[],
  { client, names }: ImportOptions,
  left: readonly string[],
): readonly LineageGroup[] => {
  const known = groups.map((group) => wordsFor(group)[0] ?? "");
  const hint = `for example: mailcert import ${client} --name ${known[0] ?? ""}`;
  const unknown = names.find((name) => !groups.some((group) => wordsFor(group).includes(name)));
  if (unknown !== undefined) {
    throw new Failure(
      "usage",
      `${client} keeps no certificate called "${unknown.slice(0, 100)}" that can be imported`,
      {
        hints: [
          ...left.filter((sentence) => sentence.startsWith(`${unknown} `)),
          known.length === 0 ? "it keeps none that is whole and valid" : `it has: ${known.slice(0, 20).join(", ")}`,
        ],
      },
    );
  }
  if (names.length > 0) return groups.filter((group) => wordsFor(group).some((word) => names.includes(word)));
  if (groups.length > 1) {
    throw new Failure("usage", `${client} keeps ${groups.length} certificates: say which are for mail`, {
      hints: [`it has: ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", ..." : ""}`, hint],
    });
  }
  return groups;
};

const importAccount = async (
  world: World,
  { key, ...account }: ForeignAccount,
  { client, dryRun }: ImportOptions,
): Promise<ImportedAccount> => {
  const tools = await world.importing();
  const adopted = await (dryRun ? tools.adoption : tools.adopt)({ ...account, key });
  if (!dryRun && adopted.outcome === "imported")
    await recordChange(world, { what: `took over the account ${account.url} of ${client}, key included` });
  return { ...account, outcome: adopted.outcome, ...(adopted.outcome === "other" ? { ours: adopted.url } : {}) };
};

/** For each CA one account: that of a lineage which is imported, else the newest. */
const accountsToImport = ({ accounts }: FoundInventory, chosen: readonly LineageGroup[]): readonly ForeignAccount[] => {
  const wanted = [...chosen.map((group) => accountFor(group, accounts)), ...accounts];
  const each = new Map<string, ForeignAccount>();
  for (const account of wanted) if (account && !each.has(account.directory)) each.set(account.directory, account);
  return [...each.values()];
};

const importCertificate = async (
  world: World,
  group: LineageGroup,
  inventory: FoundInventory,
  options: ImportOptions,
  earlier: readonly ImportedCertificate[],
): Promise<ImportedCertificate> => {
  const tools = await world.importing();
  const configured = (await world.config.read())?.certificates ?? [];
  const [main = ""] = group.lineages[0]?.names ?? [];
  const leaves = leavesOf(group);
  const known = configured.find(({ names }) => names.includes(main));
  const busy =
    earlier.some(({ servers }) => servers !== "none") ||
    configured.some(({ name, servers }) => name !== known?.name && (servers === "auto" || servers.length > 0));
  const fresh = configOf(group, {
    account: accountFor(group, inventory.accounts),
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
    servers: busy ? [] : "auto",
    taken: known ? [] : [...configured.map(({ name }) => name), ...earlier.map(({ certificate }) => certificate)],
  });
  const certificate: CertificateConfig | undefined = known ?? fresh;
  if (!certificate) throw new Failure("config", `no name is left for the certificate of ${main}: others have it`);
  const staged = await importGeneration(world, certificate, group, options);
  const { path, before, after } = known
    ? { path: world.config.path, before: "", after: "" }
    : await world.config.edited(certificate);
  const adds = staged.outcome !== "kept" && before !== after;
  if (adds && !options.dryRun) {
    await world.config.write(after, path);
    await recordChange(world, {
      certificate: certificate.name,
      what: before === undefined ? `wrote ${path}` : `added ${certificate.name} to ${path}`,
      undo: `take ${certificate.name} out of ${path}`,
    });
  }
  const without = [...group.lineages, ...group.older].map(({ name }) =>
    tools.withoutLineage(options.client, inventory.folder, name),
  );
  return {
    certificate: certificate.name,
    names: certificate.names,
    lineages: group.lineages.map(({ name }) => name),
    leaves,
    notAfter: new Date(Math.min(...group.lineages.map(({ notAfter }) => notAfter.getTime()))).toISOString(),
    outcome: staged.outcome === "present" && adds ? "imported" : staged.outcome,
    ...(staged.generation ? { generation: staged.generation } : {}),
    servers: certificate.servers === "auto" || certificate.servers.length > 0 ? certificate.servers : "none",
    configChanged: adds,
    withoutIt: await Promise.all(without),
  };
};

const proofsOf = ({ settings }: Lineage): readonly string[] => settings.challenges ?? defaults.challenge;

/** CA/Browser Forum Baseline Requirements §3.2.2.4.19 and .20: neither http-01 nor tls-alpn-01 can prove one. */
const wildcards = ({ lineages }: LineageGroup): readonly string[] =>
  lineages
    .slice(0, 1)
    .filter((lineage) => lineage.names.some(isWildcard) && !proofsOf(lineage).some((type) => type.startsWith("dns-")))
    .map(
      ({ name, notAfter }) =>
        `${name}: a wildcard is proven through DNS alone: set challenge and dns in the configuration well before ${notAfter.toISOString().slice(0, 10)}`,
    );

const sentences = (inventory: FoundInventory, chosen: readonly LineageGroup[]): readonly string[] => [
  ...chosen.flatMap(({ lineages }) => lineages.flatMap(({ notTranslated }) => notTranslated)),
  ...chosen.flatMap(wildcards),
  ...chosen
    .filter((group) => accountFor(group, inventory.accounts) === undefined)
    .map(
      (group) =>
        `${wordsFor(group)[0] ?? ""}: no account at its CA came along: the first renewal registers one, for which the configuration must say agree_tos: true (unless mailcert has one there)`,
    ),
  ...chosen.flatMap(({ lineages, older }) =>
    older.map(
      ({ name }) =>
        `${name}: ${lineages[0]?.name ?? ""} stands for it (the same names and kind of key, valid for longer)`,
    ),
  ),
  ...inventory.notTranslated,
];

/** The caller holds the lock, unless it is a dry run. @throws Failure `data` where there is nothing, `usage` where a choice is needed. */
export const importFrom = async (world: World, options: ImportOptions): Promise<ImportResult> => {
  const { client, folder, directory, dryRun } = options;
  const tools = await world.importing();
  const inventory = await tools.read(client, {
    ...(folder === undefined ? {} : { folder }),
    ...(directory === undefined ? {} : { directory }),
  });
  const groups = groupLineages(inventory.lineages);
  const chosen = choose(groups, options, inventory.notTranslated);
  if (chosen.length === 0 && inventory.accounts.length === 0) {
    throw new Failure("data", `nothing in ${inventory.folder} can be imported`, {
      hints: inventory.notTranslated.slice(0, 10),
    });
  }
  const accounts: ImportedAccount[] = [];
  for (const account of accountsToImport(inventory, chosen))
    accounts.push(await importAccount(world, account, options));
  const certificates: ImportedCertificate[] = [];
  for (const group of chosen) {
    certificates.push(await importCertificate(world, group, inventory, options, certificates));
  }
  return {
    client,
    folder: inventory.folder,
    dryRun,
    config: world.config.path,
    accounts,
    certificates,
    notTranslated: sentences(inventory, chosen),
    left: groups.filter((group) => !chosen.includes(group)).map((group) => wordsFor(group)[0] ?? ""),
    schedules: await tools.schedules(client),
  };
};
