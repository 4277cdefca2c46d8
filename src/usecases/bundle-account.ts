// The account that a bundle's files describe: what the recorded deployments proved, whose addresses it is for, and why a file of it is left out.
import { createHash } from "node:crypto";
import { type BundleFormat, accountFiles } from "../domain/bundle-formats.ts";
import type { CertificateFacts } from "../domain/certificate.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { type AccountFailing, type OfferedNames, accountFailing, offeredNames } from "../domain/account-gaps.ts";
import {
  type AccountEntries,
  type AccountWish,
  type Login,
  type MailAccount,
  accountEntries,
} from "../domain/mail-account.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { isIpName, isWildcard } from "../domain/names.ts";
import type { GenerationRecord } from "../store/store.ts";
import type { World } from "./world.ts";

/** What a command line may add to the entry's own words. */
export interface AccountFlags extends AccountWish {
  /** One person's address: the profile is theirs. */
  readonly address?: string;
}

/** What the bundle says of accounts, for people and as JSON. */
export interface BundledAccount {
  readonly host?: string;
  readonly domain?: string;
  readonly login: Login;
  /** URLs of entry points, the preferred ones first. */
  readonly proven: readonly string[];
  /** Known, and left out: not seen to serve the certificate the last time. */
  readonly unproven: readonly string[];
  /** Files that are not made, with the reason. */
  readonly omitted: readonly (AccountFailing & { readonly files: readonly string[] })[];
  /** Names under which programs look for the files, and which the certificate lacks. */
  readonly names?: OfferedNames;
}

/** A host name that the certificate is for; an address where it has no name. Wildcards are none. */
const accountHost = ({ names }: CertificateConfig, generation: GenerationRecord): string | undefined => {
  const known = names.filter((name) => !isWildcard(name) && generation.names.includes(name));
  const all = known.length > 0 ? known : generation.names.filter((name) => !isWildcard(name));
  return all.find((name) => !isIpName(name)) ?? all[0];
};

const noEntries: AccountEntries = { proven: [], unproven: [] };

const entriesOf = (world: World, name: string, host: string | undefined): AccountEntries =>
  host === undefined ? noEntries : accountEntries(Object.values(world.store.read(name)?.deployments ?? {}), host);

export interface FoundAccount extends AccountEntries {
  readonly host?: string;
  readonly login: Login;
  readonly account?: MailAccount;
}

/** Looks at no server: what was proven the last time is in the state. `registrable` is asked only where nobody named a domain. */
export const findAccount = async (
  world: World,
  certificate: CertificateConfig,
  generation: GenerationRecord,
  flags: AccountFlags,
  registrable: (host: string) => Promise<string>,
): Promise<FoundAccount> => {
  const host = accountHost(certificate, generation);
  const entries = entriesOf(world, certificate.name, host);
  const { address } = flags;
  const login = flags.login ?? certificate.account?.login ?? "address";
  if (host === undefined) return { ...entries, login };
  const named = flags.domain ?? address?.slice(address.lastIndexOf("@") + 1) ?? certificate.account?.domain;
  const domain = named ?? (isIpName(host) ? undefined : await registrable(host));
  const found = { ...entries, host, login };
  if (domain === undefined) return found;
  return { ...found, account: { ...found, domain, ...(address === undefined ? {} : { address }) } };
};

/** Of all that the account files are made of and that can change while the certificate stays: hex. */
export const accountMark = (world: World, certificate: CertificateConfig, generation: GenerationRecord): string => {
  const host = accountHost(certificate, generation);
  const made = [host, entriesOf(world, certificate.name, host), certificate.account ?? {}, certificate.names];
  return createHash("sha256").update(JSON.stringify(made)).digest("hex");
};

export interface AskedAccount {
  readonly found: FoundAccount;
  /** What was asked for. */
  readonly formats: readonly BundleFormat[];
  /** What was made. */
  readonly paths: readonly string[];
  readonly imports: "root" | "self-signed" | "nothing";
  /** What they import. */
  readonly root?: CertificateFacts | undefined;
}

/** undefined where no account file was asked for. */
export const bundledAccount = (
  certificate: CertificateConfig,
  { found, formats, paths, imports, root }: AskedAccount,
): BundledAccount | undefined => {
  const asked = formats.filter((format): format is keyof typeof accountFiles => format in accountFiles);
  if (asked.length === 0) return undefined;
  const { host, account, login, proven, unproven } = found;
  const omitted = new Map<string, AccountFailing & { files: string[] }>();
  for (const format of asked) {
    for (const file of accountFiles[format].filter((one) => !paths.includes(one))) {
      const failing = accountFailing(format, { certificate, found, imports }, file);
      const known = omitted.get(failing.reason);
      if (known) known.files.push(file);
      else omitted.set(failing.reason, { files: [file], ...failing });
    }
  }
  const made = asked.filter((format) => accountFiles[format].some((file) => paths.includes(file)));
  const authority = imports === "root" ? root : undefined;
  const names = account === undefined ? undefined : offeredNames(certificate, account, made, imports, authority);
  return {
    ...(host === undefined ? {} : { host }),
    ...(account === undefined ? {} : { domain: account.domain }),
    login,
    proven: proven.map(entryUrl),
    unproven: unproven.map(entryUrl),
    omitted: [...omitted.values()],
    ...(names === undefined ? {} : { names }),
  };
};

/** An earlier run's files of what is there and could not be proven this time stay: a server that is stopped for a minute takes nothing away. */
export const keptFiles = ({ unproven }: AccountEntries): readonly string[] =>
  unproven.length === 0 ? [] : Object.values(accountFiles).flat();
