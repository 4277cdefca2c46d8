// lego's folder, version 4 and 5: accounts/<host>/<id>/account.json with its key, certificates/<name>.{crt,key,json}.
import { join } from "node:path";
import { acmeCaNames, acmeCas } from "../domain/acme-directories.ts";
import { Failure } from "../domain/failure.ts";
import { accountOf, isHttps } from "./account.ts";
import { type Found, gather, skipped } from "./gather.ts";
import type { ForeignAccount, Importer, Lineage, ReadRequest } from "./importer.ts";
import { parseJson, textAt } from "./json.ts";
import { keyOf, mainName, readMaterial } from "./material.ts";

const hostOf = (url: string | undefined): string | undefined => (isHttps(url) ? new URL(url).host : undefined);

/** Version 4 writes down no directory: the CA behind a host that is known, or the one that a person named. */
const directoryAt = (host: string | undefined, named: string | undefined): string | undefined =>
  [...(named === undefined ? [] : [named]), ...acmeCaNames.map((name) => acmeCas[name].directory)].find(
    (directory) => host !== undefined && hostOf(directory) === host,
  );

const readAccounts = async ({ folder, files, directory }: ReadRequest): Promise<readonly Found<ForeignAccount>[]> => {
  const home = join(folder, "accounts");
  const accounts: Found<ForeignAccount>[] = [];
  for (const relative of await files.foldersWith(home, "account.json", 3)) {
    const at = join(home, relative);
    const json = parseJson(await files.text(join(at, "account.json")));
    const places = [join(at, "keys"), at];
    const keys: string[] = [];
    for (const place of places) {
      for (const file of await files.list(place)) if (file.endsWith(".key")) keys.push(join(place, file));
    }
    const text = keys[0] === undefined ? "" : ((await files.text(keys[0])) ?? "");
    const url = textAt(json, "registration.uri", "registration.location");
    accounts.push(
      accountOf({
        path: join(at, "account.json"),
        directory: textAt(json, "server") ?? directoryAt(hostOf(url), directory),
        url,
        email: textAt(json, "email", "registration.body.contact.0"),
        key: () => keyOf(text),
      }),
    );
  }
  return accounts;
};

const readLineage = async (
  request: ReadRequest,
  name: string,
  accounts: readonly Found<ForeignAccount>[],
): Promise<Found<Lineage>> => {
  const { folder, files, now } = request;
  const at = (end: string): string => join(folder, "certificates", `${name}.${end}`);
  const path = at("crt");
  try {
    const json = parseJson(await files.text(at("json")));
    const host = hostOf(textAt(json, "certUrl", "certStableUrl"));
    const account = accounts.find((one) => typeof one !== "string" && hostOf(one.url) === host);
    const known = account === undefined || typeof account === "string" ? undefined : account;
    const directory = known?.directory ?? directoryAt(host, request.directory);
    if (directory === undefined)
      return skipped(name, path, {
        problem: `does not say its CA's directory URL: add --acme URL${host === undefined ? "" : ` (it is ${host})`}`,
      });
    const certificates = `${(await files.text(path)) ?? ""}\n${(await files.text(at("issuer.crt"))) ?? ""}`;
    const material = readMaterial({ key: await files.text(at("key")), certificates }, mainName(name), now);
    if ("problem" in material) return skipped(name, path, material);
    return {
      name,
      directory,
      ...(known === undefined ? {} : { account: known.url }),
      ...material,
      settings: {},
      notTranslated: [],
    };
  } catch (error) {
    if (error instanceof Failure) return skipped(name, path, { problem: `is not read: ${error.message}` });
    throw error;
  }
};

export const lego: Importer = {
  folders: ({ home, cwd }) => [
    ...new Set([
      join(home, ".lego"),
      "/root/.lego",
      "/etc/lego",
      "/var/lib/lego",
      ...(cwd === undefined ? [] : [join(cwd, ".lego")]),
    ]),
  ],
  marks: ["accounts", "certificates"],
  timers: ["lego.timer", "lego-renew.timer"],
  cronLine: /\blego\b/,
  read: async (request) => {
    const accounts = await readAccounts(request);
    const names = (await request.files.list(join(request.folder, "certificates")))
      .filter((file) => file.endsWith(".crt") && !file.endsWith(".issuer.crt"))
      .map((file) => file.slice(0, -".crt".length));
    const lineages: Found<Lineage>[] = [];
    for (const name of names) lineages.push(await readLineage(request, name, accounts));
    const note =
      "lego keeps no challenge settings or hooks in its folder: mailcert will prove names by http-01 on port 80 unless you set a challenge";
    return gather(accounts, lineages, names, names.length === 0 ? [] : [note]);
  },
  withoutLineage: (_folder, lineage) => `take the lego command for ${mainName(lineage)} out of the job`,
};
