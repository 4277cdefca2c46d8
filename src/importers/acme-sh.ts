// acme.sh's home: ca/<host>/<path>/ with an account, a folder a certificate (`_ecc` for ECDSA), settings as shell assignments.
import { join } from "node:path";
import { acmeCaNames, acmeCas } from "../domain/acme-directories.ts";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { accountOf } from "./account.ts";
import { acmeShSettings } from "./acme-sh-settings.ts";
import { type Found, gather, skipped } from "./gather.ts";
import type { ForeignAccount, Importer, Lineage, ReadRequest } from "./importer.ts";
import { parseJson, textAt } from "./json.ts";
import { keyOf, mainName, readMaterial } from "./material.ts";
import { parseAssignments } from "./shell-assignments.ts";

type Values = ReadonlyMap<string, string>;

/** Where acme.sh keeps the account for a directory below ca/: host without port, then path. */
const caPlace = (directory: string): string => {
  if (!URL.canParse(directory)) return "";
  const { hostname, pathname } = new URL(directory);
  return join(hostname, pathname);
};

interface Entry {
  readonly name: string;
  readonly folder: string;
  readonly path: string;
  readonly values: Values;
}

const readEntries = async ({ files }: ReadRequest, home: string): Promise<readonly Entry[]> => {
  const entries: Entry[] = [];
  for (const name of await files.list(home, "folders")) {
    const folder = join(home, name);
    const path = join(folder, `${name.replace(/_ecc$/, "")}.conf`);
    const text = await files.text(path);
    if (text !== undefined) entries.push({ name, folder, path, values: parseAssignments(text) });
  }
  return entries;
};

const directoryOf = (relative: string, used: readonly string[]): string | undefined => {
  const known = [...used, ...acmeCaNames.map((name) => acmeCas[name].directory)];
  const match = known.find((one) => caPlace(one) === relative || (URL.canParse(one) && new URL(one).host === relative));
  return match ?? (relative.includes("/") ? `https://${relative}` : undefined);
};

const readAccounts = async (
  { files, directory }: ReadRequest,
  home: string,
  used: readonly string[],
  email: string | undefined,
): Promise<readonly Found<ForeignAccount>[]> => {
  const accounts: Found<ForeignAccount>[] = [];
  for (const relative of await files.foldersWith(home, "account.key", 6)) {
    const at = (name: string): string => join(home, relative, name);
    const conf = parseAssignments(await files.text(at("ca.conf")));
    const json = parseJson(await files.text(at("account.json")));
    const key = (await files.text(at("account.key"))) ?? "";
    accounts.push(
      accountOf({
        path: at("ca.conf"),
        directory: directoryOf(relative, [...used, ...(directory === undefined ? [] : [directory])]),
        url: conf.get("ACCOUNT_URL"),
        email: conf.get("CA_EMAIL") ?? textAt(json, "contact.0") ?? email,
        key: () => keyOf(key),
      }),
    );
  }
  return accounts;
};

const readLineage = async (
  { files, now }: ReadRequest,
  entry: Entry,
  accounts: readonly Found<ForeignAccount>[],
): Promise<Found<Lineage>> => {
  const { name, folder, path, values } = entry;
  const domain = values.get("Le_Domain") ?? name.replace(/_ecc$/, "");
  const directory = values.get("Le_API");
  const broken = (problem: string): string => skipped(name, path, { problem });
  if (directory === undefined) return broken("does not say which CA issued it (Le_API)");
  try {
    const file = (end: string): Promise<string | undefined> =>
      files.text(join(folder, `${name.replace(/_ecc$/, "")}${end}`));
    const leaf = await file(".cer");
    if (leaf === undefined) return broken("has no certificate yet");
    const chain = (await files.text(join(folder, "fullchain.cer"))) ?? (await files.text(join(folder, "ca.cer"))) ?? "";
    const material = readMaterial(
      { key: await file(".key"), certificates: `${leaf}\n${chain}` },
      mainName(domain),
      now,
    );
    if ("problem" in material) return skipped(name, path, material);
    const used = accounts.find((one) => typeof one !== "string" && one.directory === directory);
    return {
      name,
      directory,
      ...(used === undefined || typeof used === "string" ? {} : { account: used.url }),
      ...material,
      ...acmeShSettings(name, path, values),
    };
  } catch (error) {
    if (error instanceof Failure) return broken(`is not read: ${error.message}`);
    throw error;
  }
};

export const acmeSh: Importer = {
  folders: ({ home }) => [...new Set([join(home, ".acme.sh"), "/root/.acme.sh", "/etc/acme.sh"])],
  marks: ["account.conf", "ca"],
  timers: ["acme.sh.timer", "acme_letsencrypt.timer", "acme-sh.timer"],
  cronLine: /\bacme\.sh\b/,
  read: async (request) => {
    const global = parseAssignments(await request.files.text(join(request.folder, "account.conf")));
    const place = (key: string, otherwise: string): string => {
      const named = global.get(key);
      return named?.startsWith("/") ? named : otherwise;
    };
    const entries = await readEntries(request, place("CERT_HOME", request.folder));
    const used = entries.flatMap(({ values }) => values.get("Le_API") ?? []);
    const accounts = await readAccounts(
      request,
      place("CA_HOME", join(request.folder, "ca")),
      used,
      global.get("ACCOUNT_EMAIL"),
    );
    const lineages: Found<Lineage>[] = [];
    for (const entry of entries) lineages.push(await readLineage(request, entry, accounts));
    const secrets = [...global.keys()].filter((key) => key.startsWith("SAVED_"));
    const note = `${secrets.join(", ")} in ${join(request.folder, "account.conf")}: credentials do not come along`;
    const renewed = entries.map(({ name }) => name);
    return gather(accounts, lineages, renewed, secrets.length === 0 ? [] : [note]);
  },
  withoutLineage: (folder, lineage) => {
    const ecc = lineage.endsWith("_ecc");
    return `${shellWord(join(folder, "acme.sh"))} --remove -d ${shellWord(lineage.replace(/_ecc$/, ""))}${ecc ? " --ecc" : ""}`;
  },
};
