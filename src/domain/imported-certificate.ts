// Lineages of another client as certificates of ours: those for the same names become the two slots of one.
import type { AcmeSettings, CertificateConfig } from "./certificate-config.ts";
import { defaults } from "./certificate-defaults.ts";
import { certificateNameFor, certificateNameProblem } from "./certificate-name.ts";
import { acmeCaOf } from "./acme-directories.ts";
import { groupBy } from "./group-by.ts";
import { slotOf } from "./keys.ts";
import type { ForeignAccount, Lineage } from "../importers/importer.ts";

export interface LineageGroup {
  /** One for each slot, the RSA one last; the one that is valid for longest where there are several. */
  readonly lineages: readonly Lineage[];
  /** Those that another one of the same slot stands for. */
  readonly older: readonly Lineage[];
}

const key = ({ names, directory }: Lineage): string => [directory, ...names.toSorted()].join(" ");

export const groupLineages = (all: readonly Lineage[]): readonly LineageGroup[] =>
  [...groupBy(all, key).values()].map((same) => {
    const latest = same.toSorted((a, b) => b.notAfter.getTime() - a.notAfter.getTime());
    const chosen = (["ecdsa", "rsa"] as const).flatMap(
      (slot) => latest.find(({ algorithm }) => slotOf(algorithm) === slot) ?? [],
    );
    return { lineages: chosen, older: same.filter((one) => !chosen.includes(one)) };
  });

/** What `--name` may say for it. */
export const wordsFor = ({ lineages, older }: LineageGroup): readonly string[] => [
  ...new Set([...lineages, ...older].flatMap(({ name, names }) => [name, ...names.slice(0, 1)])),
];

/** The account that a group is renewed with, else the newest one at its CA. */
export const accountFor = (
  { lineages }: LineageGroup,
  accounts: readonly ForeignAccount[],
): ForeignAccount | undefined => {
  const [first] = lineages;
  return (
    accounts.find(({ url }) => lineages.some(({ account }) => account === url)) ??
    accounts.find(({ directory }) => directory === first?.directory)
  );
};

/** A name for it that is not in `taken`: its first host name, else the other client's word. */
const nameFor = ({ lineages }: LineageGroup, taken: readonly string[]): string | undefined => {
  const [first] = lineages;
  if (first === undefined) return undefined;
  const wanted = [certificateNameFor(first.names[0] ?? ""), first.name.toLowerCase()];
  return wanted.find((name) => !taken.includes(name) && certificateNameProblem(name) === undefined);
};

export interface ImportedSettings {
  readonly account: ForeignAccount | undefined;
  /** PEM file: trust for the ACME server's own HTTPS. */
  readonly caFile?: string;
  readonly servers: CertificateConfig["servers"];
  /** Names that certificates have already. */
  readonly taken: readonly string[];
}

/** Its entry in the configuration; undefined where no name is left for it. */
export const configOf = (group: LineageGroup, given: ImportedSettings): CertificateConfig | undefined => {
  const [first] = group.lineages;
  const name = nameFor(group, given.taken);
  if (first === undefined || name === undefined) return undefined;
  const { reuseKey = defaults.reuse_key, ...settings } = first.settings;
  const ca = acmeCaOf(first.directory);
  const email = given.account?.email;
  const issuer: AcmeSettings = {
    kind: "acme",
    directory: first.directory,
    ...(ca === undefined ? {} : { ca: ca.name }),
    ...(email === undefined ? {} : { email }),
    agreeTos: defaults.agree_tos,
    ...(given.caFile === undefined ? {} : { caFile: given.caFile }),
    challenges: defaults.challenge,
    httpAddress: defaults.http_address,
    tlsAlpnAddress: defaults.tls_alpn_address,
    profiles: [],
    ...settings,
  };
  return {
    name,
    names: first.names,
    keys: group.lineages.map(({ algorithm }) => algorithm),
    issuer,
    fallbacks: [],
    reuseKey,
    onDeadName: defaults.on_dead_name,
    servers: given.servers,
  };
};
