// certbot's folder: accounts as JSON Web Keys, one renewal file a lineage, PEM files behind live/.
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { shellWord } from "../domain/shell-word.ts";
import { type AccountParts, accountOf } from "./account.ts";
import { certbotSettings } from "./certbot-settings.ts";
import { parseConfigObj } from "./configobj.ts";
import { type Found, gather, skipped } from "./gather.ts";
import type { ForeignAccount, Importer, Lineage, ReadRequest } from "./importer.ts";
import { parseJson, textAt } from "./json.ts";
import { keyOfJwk, mainName, readMaterial } from "./material.ts";

interface Dated {
  readonly id: string;
  readonly createdAt: string;
  readonly account: Found<ForeignAccount>;
}

/** `accounts/<host>/<path of the directory>/<id>/`: the folders themselves spell the directory's URL. */
const readAccounts = async ({ folder, files }: ReadRequest): Promise<readonly Dated[]> => {
  const accounts = join(folder, "accounts");
  const found: Dated[] = [];
  for (const relative of await files.foldersWith(accounts, "private_key.json", 8)) {
    const at = (name: string): string => join(accounts, relative, name);
    const parts = relative.split("/");
    const jwk = (await files.text(at("private_key.json"))) ?? "";
    const registration = parseJson(await files.text(at("regr.json")));
    const account: AccountParts = {
      path: at("regr.json"),
      directory: `https://${parts.slice(0, -1).join("/")}`,
      url: textAt(registration, "uri"),
      email: textAt(registration, "body.contact.0"),
      key: () => keyOfJwk(jwk),
    };
    found.push({
      id: parts.at(-1) ?? "",
      createdAt: textAt(parseJson(await files.text(at("meta.json"))), "creation_dt") ?? "",
      account: accountOf(account),
    });
  }
  return found.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
};

/** The four links of a lineage; where live/ is elsewhere, the renewal file says so. */
const pemFile = async (
  { folder, files }: ReadRequest,
  name: string,
  kind: string,
  configured: string | undefined,
): Promise<string | undefined> =>
  (await files.text(join(folder, "live", name, `${kind}.pem`))) ??
  (configured?.startsWith("/") ? await files.text(configured) : undefined);

const readLineage = async (request: ReadRequest, name: string, accounts: readonly Dated[]): Promise<Found<Lineage>> => {
  const path = join(request.folder, "renewal", `${name}.conf`);
  const broken = (problem: string): string => skipped(name, path, { problem });
  try {
    const sections = parseConfigObj((await request.files.text(path)) ?? "");
    const top = sections.get("");
    const params = sections.get("renewalparams");
    const [directory] = params?.get("server") ?? [];
    if (params === undefined || directory === undefined) return broken("is broken: it does not say its server");
    const [key, leaf, chain] = await Promise.all(
      ["privkey", "cert", "chain"].map((kind) => pemFile(request, name, kind, top?.get(kind)?.[0])),
    );
    if (leaf === undefined) return broken("is broken: its certificate is missing");
    const material = readMaterial({ key, certificates: `${leaf}\n${chain ?? ""}` }, mainName(name), request.now);
    if ("problem" in material) return skipped(name, path, material);
    const used = accounts.find(({ id, account }) => {
      const same = typeof account !== "string" && account.directory === directory;
      return same && id === params.get("account")?.[0];
    })?.account;
    return {
      name,
      directory,
      ...(used === undefined || typeof used === "string" ? {} : { account: used.url }),
      ...material,
      ...certbotSettings(name, path, sections),
    };
  } catch (error) {
    if (error instanceof Failure) return broken(`is not read: ${error.message}`);
    throw error;
  }
};

const hookFolders = async ({ folder, files }: ReadRequest): Promise<readonly string[]> => {
  const filled: string[] = [];
  for (const kind of ["pre", "deploy", "post"]) {
    const path = join(folder, "renewal-hooks", kind);
    if ((await files.list(path)).length > 0) filled.push(path);
  }
  return filled.length === 0
    ? []
    : [
        `hooks in ${filled.join(", ")} are not run by mailcert: it reloads mail servers itself; what else they do is yours to keep`,
      ];
};

export const certbot: Importer = {
  folders: () => ["/etc/letsencrypt"],
  marks: ["renewal", "accounts"],
  timers: ["certbot.timer", "snap.certbot.renew.timer", "certbot-renew.timer"],
  cronLine: /\bcertbot(?:-auto)?\b/,
  read: async (request) => {
    const accounts = await readAccounts(request);
    const names = (await request.files.list(join(request.folder, "renewal")))
      .filter((file) => file.endsWith(".conf"))
      .map((file) => file.slice(0, -".conf".length));
    const lineages: Found<Lineage>[] = [];
    for (const name of names) lineages.push(await readLineage(request, name, accounts));
    return gather(
      accounts.map(({ account }) => account),
      lineages,
      names,
      await hookFolders(request),
    );
  },
  withoutLineage: (folder, lineage) => {
    const conf = shellWord(join(folder, "renewal", `${lineage}.conf`));
    return `mv ${conf} ${conf}.imported`;
  },
};
