// What an importer found, put in order: whole things by their kind, everything else as sentences.
import type { ForeignAccount, Inventory, Lineage } from "./importer.ts";
import type { Problem } from "./material.ts";

export type Found<Thing> = Thing | string;

/** A lineage that is skipped, with where it stands. */
export const skipped = (name: string, path: string, { problem }: Problem): string =>
  `${name} (${path}) ${problem}: it stays where it is`;

export const gather = (
  accounts: readonly Found<ForeignAccount>[],
  lineages: readonly Found<Lineage>[],
  notes: readonly string[] = [],
): Inventory => ({
  accounts: accounts.filter((one) => typeof one !== "string"),
  lineages: lineages.filter((one) => typeof one !== "string"),
  notTranslated: [...notes, ...[...accounts, ...lineages].filter((one) => typeof one === "string")],
});
