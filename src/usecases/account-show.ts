// ACME accounts as they are shown: whose, at which CA, which certificates are ordered with it, and the CAA record that names it.
import { casOf, damagedAt, meantCa, settingsAt } from "../domain/account-choice.ts";
import type { CaFlags } from "../domain/account-choice.ts";
import { acmeCaOf } from "../domain/acme-directories.ts";
import { caTitle } from "../domain/ca-failures.ts";
import { caaLine } from "../domain/caa.ts";
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { isIpName } from "../domain/names.ts";
import type { AccountAtCa, AccountRequest, KnownAccount } from "../issuers/accounts.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** What a person says on the command line. */
export interface AccountWish {
  readonly flags: CaFlags;
  readonly certificate?: CertificateConfig;
  readonly dryRun: boolean;
}

export interface ShownAccount extends KnownAccount {
  /** The CA, for people. */
  readonly title: string;
  /** Certificates of the configuration that are ordered with it. */
  readonly certificates: readonly string[];
  /** Lines for the zone that let this CA issue to this account only (RFC 8657); empty where nobody here knows the CA's name. */
  readonly caa: readonly string[];
  readonly live?: AccountAtCa;
  /** Why the CA's word could not be had, or what it is. */
  readonly trouble?: { readonly message: string; readonly hints: readonly string[] };
}

export const configured = async (world: World): Promise<readonly CertificateConfig[]> =>
  (await world.config.read())?.certificates ?? [];

export const directoriesOf = (accounts: readonly KnownAccount[]): readonly string[] =>
  accounts.flatMap(({ registered, inUse }) => (registered && inUse ? [registered.directory] : []));

/** Owners of CAA records: a wildcard's stands at the name below the star, and addresses have none. */
const owners = (certificates: readonly CertificateConfig[]): readonly string[] => [
  ...new Set(
    certificates.flatMap(({ names }) =>
      names.filter((name) => !isIpName(name)).map((name) => name.replace(/^\*\./, "")),
    ),
  ),
];

export const shown = (
  account: KnownAccount,
  certificates: readonly CertificateConfig[],
  live: AccountAtCa | undefined,
): ShownAccount => {
  const { registered, inUse, ca } = account;
  const directory = registered?.directory;
  const mine = inUse
    ? certificates.filter((one) => casOf(one).some((settings) => settings.directory === directory))
    : [];
  const identity = live?.identities[0] ?? (directory === undefined ? undefined : acmeCaOf(directory)?.caa);
  return {
    ...account,
    title: directory === undefined ? ca : caTitle({ directory }),
    certificates: mine.map(({ name }) => name),
    caa:
      registered && inUse && identity !== undefined
        ? owners(mine).map((owner) => caaLine(owner, identity, registered.url))
        : [],
    ...(live === undefined ? {} : { live }),
  };
};

/** @throws Failure `data` where an account of this CA cannot be used. */
export const refuseDamaged = (accounts: readonly KnownAccount[], directory: string): void => {
  const trouble = damagedAt(accounts, directory)?.trouble;
  if (trouble) throw new Failure("data", trouble.message, { hints: trouble.hints });
};

export const requestFor = ({ signal, step }: World, settings: AcmeSettings): AccountRequest => ({
  settings,
  signal,
  step,
});

const asked = async (
  world: World,
  account: KnownAccount,
  certificates: readonly CertificateConfig[],
  flags: CaFlags,
): Promise<ShownAccount> => {
  const { registered } = account;
  if (registered === undefined || registered.deactivatedAt !== undefined)
    return shown(account, certificates, undefined);
  const settings = settingsAt(registered.directory, certificates);
  const request = requestFor(world, flags.caFile === undefined ? settings : { ...settings, caFile: flags.caFile });
  const accounts = await world.accounts();
  const live = await unlessFailure(() => accounts.ask(account.folder, request));
  if (live instanceof Failure)
    return { ...shown(account, certificates, undefined), trouble: { message: live.message, hints: live.hints } };
  const dead = live.status === "valid" ? undefined : `the CA says that its status is "${live.status}"`;
  return {
    ...shown(account, certificates, live),
    ...(dead === undefined
      ? {}
      : { trouble: { message: dead, hints: ["register a new one: mailcert account register"] } }),
  };
};

/** `check`: ask each CA. Takes no lock, changes nothing. */
export const showAccounts = async (
  world: World,
  { flags, certificate }: AccountWish,
  check: boolean,
): Promise<readonly ShownAccount[]> => {
  const certificates = await configured(world);
  const all = await (await world.accounts()).list();
  const said = meantCa({
    flags,
    certificates,
    registered: directoriesOf(all),
    ...(certificate ? { certificate } : {}),
  });
  const named = flags.issuer !== undefined || flags.acme !== undefined;
  const meant = certificate && !named ? casOf(certificate) : said ? [said] : undefined;
  const accounts = all.filter(
    (one) =>
      meant === undefined ||
      meant.some(({ directory }) => directory === one.registered?.directory || damagedAt([one], directory) === one),
  );
  const result: ShownAccount[] = [];
  for (const account of accounts)
    result.push(check ? await asked(world, account, certificates, flags) : shown(account, certificates, undefined));
  return result;
};
