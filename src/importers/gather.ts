// What an importer found, put in order: whole things by their kind, everything else as sentences.
import { clean } from "../domain/text.ts";
import { isHttps } from "./account.ts";
import type { ForeignAccount, Inventory, Lineage } from "./importer.ts";
import type { Problem } from "./material.ts";

export type Found<Thing> = Thing | string;

/** A lineage that is skipped, with where it stands. */
export const skipped = (name: string, path: string, { problem }: Problem): string =>
  `${name} (${path}) ${problem}; it stays where it is`;

/** Names of files and values of settings are somebody else's text: a sentence is one line, fit to print. */
const sentence = (text: string): string => clean(text, 600);

/** A name that cannot be typed, or a CA that is none, makes it useless. */
const usable = (lineage: Found<Lineage>): Found<Lineage> => {
  if (typeof lineage === "string") return lineage;
  const { name, directory, notTranslated } = lineage;
  if (clean(name, 253) !== name) return `${name}: its name cannot be printed; it stays where it is`;
  if (!isHttps(directory)) return `${name}: its CA (${clean(directory, 200)}) is no https URL; it stays where it is`;
  return { ...lineage, notTranslated: notTranslated.map(sentence) };
};

export const gather = (
  accounts: readonly Found<ForeignAccount>[],
  lineages: readonly Found<Lineage>[],
  renewed: readonly string[],
  notes: readonly string[] = [],
): Inventory => {
  const judged = lineages.map(usable);
  const left = [...accounts, ...judged].filter((one) => typeof one === "string");
  return {
    accounts: accounts.filter((one) => typeof one !== "string"),
    lineages: judged.filter((one) => typeof one !== "string"),
    renewed,
    notTranslated: [...notes, ...left].map(sentence),
  };
};
