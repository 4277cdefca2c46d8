// dehydrated: a shell file of settings, accounts/<base64url of the directory's URL>/, certs/<name>/ with links to the newest files.
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { accountOf } from "./account.ts";
import { dehydratedDirectory, dehydratedSettings } from "./dehydrated-settings.ts";
import { type Found, gather, skipped } from "./gather.ts";
import type { ForeignAccount, Importer, Lineage, ReadRequest } from "./importer.ts";
import { parseJson, textAt } from "./json.ts";
import { keyOf, mainName, readMaterial } from "./material.ts";
import { parseAssignments } from "./shell-assignments.ts";

type Values = ReadonlyMap<string, string>;

/** config, then the files of conf.d in order, as dehydrated reads them. */
const readSettings = async ({ folder, files }: ReadRequest): Promise<Values> => {
  const start = new Map([["BASEDIR", folder]]);
  let values: Values = parseAssignments(await files.text(join(folder, "config")), start);
  const more = values.get("CONFIG_D") ?? join(folder, "conf.d");
  for (const name of await files.list(more)) {
    if (name.endsWith(".sh")) values = parseAssignments(await files.text(join(more, name)), values);
  }
  return values;
};

const readAccounts = async (
  { files }: ReadRequest,
  home: string,
  email: string | undefined,
): Promise<readonly Found<ForeignAccount>[]> => {
  const accounts: Found<ForeignAccount>[] = [];
  for (const name of await files.foldersWith(home, "account_key.pem", 1)) {
    const at = (file: string): string => join(home, name, file);
    const registration = parseJson(await files.text(at("registration_info.json")));
    const id = parseJson(await files.text(at("account_id.json")));
    const key = (await files.text(at("account_key.pem"))) ?? "";
    accounts.push(
      accountOf({
        path: at("account_id.json"),
        directory: Buffer.from(name, "base64url").toString("utf8").trim(),
        url: textAt(id, "url"),
        email: textAt(registration, "contact.0") ?? email,
        key: () => keyOf(key),
      }),
    );
  }
  return accounts;
};

const readLineage = async (
  { files, now }: ReadRequest,
  folder: string,
  name: string,
  global: Values,
  accounts: readonly Found<ForeignAccount>[],
): Promise<Found<Lineage>> => {
  try {
    const own = await files.text(join(folder, "config"));
    const values = own === undefined ? global : parseAssignments(own, global);
    const registered = accounts.filter((one) => typeof one !== "string");
    const directory = dehydratedDirectory(
      values.get("CA"),
      registered.map((one) => one.directory),
    );
    if (directory === undefined) return skipped(name, folder, { problem: "does not say which CA issued it" });
    const [key, leaf, chain] = await Promise.all(
      ["privkey.pem", "cert.pem", "chain.pem"].map((file) => files.text(join(folder, file))),
    );
    if (leaf === undefined) return skipped(name, folder, { problem: "has no certificate yet" });
    const material = readMaterial({ key, certificates: `${leaf}\n${chain ?? ""}` }, mainName(name), now);
    if ("problem" in material) return skipped(name, folder, material);
    const used = registered.find((one) => one.directory === directory);
    return {
      name,
      directory,
      ...(used === undefined ? {} : { account: used.url }),
      ...material,
      ...dehydratedSettings(name, values),
    };
  } catch (error) {
    if (error instanceof Failure) return skipped(name, folder, { problem: `is not read: ${error.message}` });
    throw error;
  }
};

export const dehydrated: Importer = {
  folders: () => ["/etc/dehydrated", "/var/lib/dehydrated", "/usr/local/etc/dehydrated"],
  marks: ["config", "accounts"],
  timers: ["dehydrated.timer"],
  cronLine: /\bdehydrated\b/,
  read: async (request) => {
    const values = await readSettings(request);
    const base = values.get("BASEDIR") ?? request.folder;
    const accounts = await readAccounts(
      request,
      values.get("ACCOUNTDIR") ?? join(base, "accounts"),
      values.get("CONTACT_EMAIL"),
    );
    const home = values.get("CERTDIR") ?? join(base, "certs");
    const lineages: Found<Lineage>[] = [];
    const names = await request.files.list(home, "folders");
    for (const name of names) lineages.push(await readLineage(request, join(home, name), name, values, accounts));
    const hook = `HOOK in ${join(request.folder, "config")} is not run by mailcert, which reloads mail servers itself; what else it does is yours to keep`;
    return gather(accounts, lineages, names, values.get("HOOK") ? [hook] : []);
  },
  withoutLineage: (_folder, lineage) => `take the line of ${lineage} out of domains.txt`,
};
