// What of an inventory is taken over: the lineages that were asked for, one account for each CA; and sentences about the rest.
import { defaults } from "../domain/certificate-defaults.ts";
import { Failure } from "../domain/failure.ts";
import { type LineageGroup, accountFor, wordsFor } from "../domain/imported-certificate.ts";
import { isWildcard } from "../domain/names.ts";
import type { FoundInventory } from "../importers/find.ts";
import type { ForeignAccount, Lineage } from "../importers/importer.ts";
import type { ImportOptions } from "./import-result.ts";

/** @throws Failure `usage` where several could be meant, or none is called so. */
export const chooseLineages = (
  groups: readonly LineageGroup[],
  { client, names, dryRun }: ImportOptions,
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
  // A dry run shows them all, so that one can choose.
  if (groups.length > 1 && !dryRun) {
    throw new Failure("usage", `${client} keeps ${groups.length} certificates: say which are for mail`, {
      hints: [`it has: ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", ..." : ""}`, hint],
    });
  }
  return groups;
};

/** For each CA one account: that of a lineage which is imported, else the newest. */
export const accountsToImport = (
  { accounts }: FoundInventory,
  chosen: readonly LineageGroup[],
): readonly ForeignAccount[] => {
  const wanted = [...chosen.map((group) => accountFor(group, accounts)), ...accounts];
  const each = new Map<string, ForeignAccount>();
  for (const account of wanted) if (account && !each.has(account.directory)) each.set(account.directory, account);
  return [...each.values()];
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

export const sentences = (inventory: FoundInventory, chosen: readonly LineageGroup[]): readonly string[] => [
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
