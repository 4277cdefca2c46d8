// Import: what another ACME client made becomes ours: account, key, certificate, settings. Stops at staged; nothing of the client's is changed.
import { clean } from "../domain/text.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { sameElsewhere } from "../domain/fallback.ts";
import { type LineageGroup, accountFor, configOf, groupLineages, wordsFor } from "../domain/imported-certificate.ts";
import type { FoundInventory } from "../importers/find.ts";
import type { ForeignAccount } from "../importers/importer.ts";
import { accountsToImport, chooseLineages, sentences } from "./import-choice.ts";
import { importGeneration, leavesOf } from "./import-generation.ts";
import type { ImportOptions, ImportResult, ImportedAccount, ImportedCertificate } from "./import-result.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

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

/** What `--ca-file` changes of an entry that is there: an earlier import was without it. undefined: nothing. */
const withCaFile = (
  known: CertificateConfig,
  { lineages }: LineageGroup,
  { caFile }: ImportOptions,
): CertificateConfig | undefined => {
  const { issuer, fallbacks } = known;
  if (caFile === undefined || issuer.kind !== "acme" || issuer.caFile === caFile) return undefined;
  if (issuer.directory !== lineages[0]?.directory) return undefined;
  const changed = { ...issuer, caFile };
  return { ...known, issuer: changed, fallbacks: fallbacks.map((fallback) => sameElsewhere(changed, fallback)) };
};

const importCertificate = async (
  world: World,
  group: LineageGroup,
  inventory: FoundInventory,
  options: ImportOptions,
  { certificates: earlier, accounts }: Pick<ImportResult, "accounts" | "certificates">,
): Promise<ImportedCertificate> => {
  const tools = await world.importing();
  const configured = (await world.config.read())?.certificates ?? [];
  const [main = ""] = group.lineages[0]?.names ?? [];
  const leaves = leavesOf(group);
  const known = configured.find(({ names }) => names.includes(main));
  const busy =
    earlier.some(({ servers }) => servers !== "none") ||
    configured.some(({ name, servers }) => name !== known?.name && (servers === "auto" || servers.length > 0));
  const account = accountFor(group, inventory.accounts);
  // Another account's address is no wish for the one in use.
  const ours = accounts.some(({ url, outcome }) => url === account?.url && outcome !== "other");
  const fresh = configOf(group, {
    account: ours ? account : undefined,
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
    servers: busy ? [] : "auto",
    taken: known ? [] : [...configured.map(({ name }) => name), ...earlier.map(({ certificate }) => certificate)],
  });
  const certificate: CertificateConfig | undefined = known ?? fresh;
  if (!certificate) throw new Failure("config", `no name is left for the certificate of ${main}: others have it`);
  // Its renewals say what they replace (RFC 9773 §5): only where the account that it was issued to is the one in use.
  const [issuedTo, ...others] = new Set(group.lineages.map((one) => one.account));
  const adopted = others.length === 0 && accounts.some(({ url, outcome }) => url === issuedTo && outcome !== "other");
  const staged = await importGeneration(world, certificate, group, {
    ...options,
    ...(adopted && issuedTo !== undefined ? { account: issuedTo } : {}),
  });
  const wanted = known ? withCaFile(known, group, options) : certificate;
  const { path, before, after } = wanted
    ? await world.config.edited(wanted)
    : { path: world.config.path, before: "", after: "" };
  const adds = staged.outcome !== "kept" && before !== after;
  if (adds && !options.dryRun) {
    await world.config.write(after, path);
    await recordChange(world, {
      certificate: certificate.name,
      what: known
        ? `changed ${path}: ca_file: ${options.caFile ?? ""}`
        : before === undefined
          ? `wrote ${path}`
          : `added ${certificate.name} to ${path}`,
      undo: known
        ? `write ca_file of ${certificate.name} in ${path} as it was`
        : `take ${certificate.name} out of ${path}`,
    });
  }
  const stage = staged.outcome === "kept" ? undefined : world.store.read(certificate.name)?.stage;
  const without = [...group.lineages, ...group.older].map(({ name }) =>
    tools.withoutLineage(options.client, inventory.folder, name),
  );
  return {
    certificate: certificate.name,
    names: certificate.names,
    lineages: group.lineages.map(({ name }) => name),
    leaves,
    notAfter: new Date(Math.min(...group.lineages.map(({ notAfter }) => notAfter.getTime()))).toISOString(),
    outcome: staged.outcome === "present" && adds && !known ? "imported" : staged.outcome,
    ...(staged.generation ? { generation: staged.generation } : {}),
    ...(stage ? { stage } : {}),
    servers: certificate.servers === "auto" || certificate.servers.length > 0 ? certificate.servers : "none",
    configChanged: adds,
    withoutIt: await Promise.all(without),
  };
};

/** The caller holds the lock, unless it is a dry run. @throws Failure `data` where there is nothing, `usage` where a choice is needed. */
export const importFrom = async (world: World, options: ImportOptions): Promise<ImportResult> => {
  const { client, folder, directory, dryRun } = options;
  const tools = await world.importing();
  const inventory = await tools.read(client, {
    ...(folder === undefined ? {} : { folder }),
    ...(directory === undefined ? {} : { directory }),
  });
  const groups = groupLineages(inventory.lineages);
  const chosen = chooseLineages(groups, options, inventory.notTranslated);
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
    certificates.push(await importCertificate(world, group, inventory, options, { certificates, accounts }));
  }
  return {
    client,
    folder: inventory.folder,
    dryRun,
    config: world.config.path,
    accounts,
    certificates,
    notTranslated: sentences(inventory, chosen),
    left: [
      ...groups.filter((group) => !chosen.includes(group)).map((group) => wordsFor(group)[0] ?? ""),
      // It goes on renewing what cannot come along, too.
      ...inventory.renewed
        .filter((name) => !inventory.lineages.some((one) => one.name === name))
        .map((name) => clean(name, 253)),
    ],
    schedules: await tools.schedules(client),
  };
};
