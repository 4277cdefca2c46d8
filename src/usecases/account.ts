// ACME accounts changed: registered, its contact changed, its key rolled over, deactivated.
import { casOf, chosenCa } from "../domain/account-choice.ts";
import { registerCommand } from "../domain/acme-directories.ts";
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import type { AccountRequest, KnownAccount } from "../issuers/accounts.ts";
import {
  type AccountWish,
  type ShownAccount,
  configured,
  directoriesOf,
  refuseDamaged,
  requestFor,
  shown,
} from "./account-show.ts";
import type { CertificateState } from "../store/store.ts";
import { readableState } from "./unless-failure.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** What a change came to. `planned`: a dry run. */
export interface ChangedAccount {
  readonly outcome: "planned" | "registered" | "present" | "updated" | "rolled-over" | "finished" | "deactivated";
  readonly account?: ShownAccount;
  readonly directory: string;
  /** Sentences for people. */
  readonly notes: readonly string[];
}

interface Meant {
  readonly request: AccountRequest;
  readonly certificates: readonly CertificateConfig[];
  /** The account in use there. */
  readonly present: KnownAccount | undefined;
}

/** @throws Failure `config`. */
const required = ({ present, request }: Meant): KnownAccount => {
  if (present) return present;
  const { directory } = request.settings;
  throw new Failure("config", `no account that could be used is registered at ${directory}`, {
    hints: [`register one: ${registerCommand(directory)}`],
  });
};

const meant = async (world: World, { flags, certificate }: AccountWish): Promise<Meant> => {
  const certificates = await configured(world);
  const all = await (await world.accounts()).list();
  const settings = chosenCa({
    flags,
    certificates,
    registered: directoriesOf(all),
    ...(certificate ? { certificate } : {}),
  });
  refuseDamaged(all, settings.directory);
  const present = all.find(({ registered, inUse }) => inUse && registered?.directory === settings.directory);
  return { request: requestFor(world, settings), certificates, present };
};

/** Was it the account that the last attempt failed at, or that there was none? */
const isAboutAccount = ({ what, facts }: NonNullable<CertificateState["lastError"]>): boolean => {
  const type = (facts?.["problem"] as { readonly type?: unknown } | null | undefined)?.type;
  return (
    what === "issue" &&
    (["ACCOUNT", "ACCOUNT_DEACTIVATED"].includes(String(facts?.["code"])) ||
      facts?.["termsOfService"] !== undefined ||
      /:(?:externalAccountRequired|accountDoesNotExist|userActionRequired)$/.test(String(type)))
  );
};

/** What failed for want of an account waits no longer. @returns the names of the certificates. The caller holds the lock. */
const endWaits = async (
  world: World,
  certificates: readonly CertificateConfig[],
  directory: string,
): Promise<readonly string[]> => {
  const ended: string[] = [];
  for (const certificate of certificates) {
    const state = readableState(world, certificate.name);
    if (!state || !casOf(certificate).some((ca) => ca.directory === directory)) continue;
    const { [directory]: passed, ...others } = state.caFailures ?? {};
    const { lastError, nextAttempt, ...rest } = state;
    const waited = lastError !== undefined && isAboutAccount(lastError);
    if (!waited && passed === undefined) continue;
    await world.store.write({
      ...(waited ? { ...rest, attempts: 0 } : state),
      ...(state.caFailures === undefined ? {} : { caFailures: others }),
    });
    if (waited && nextAttempt !== undefined) ended.push(certificate.name);
  }
  return ended;
};

const caaNote = (certificates: readonly string[]): readonly string[] =>
  certificates.length === 0
    ? []
    : ["CAA records with accounturi= (RFC 8657) that name another account have to be changed before the next order"];

/** The caller holds the lock, unless it is a dry run. */
export const registerAccount = async (world: World, wish: AccountWish): Promise<ChangedAccount> => {
  const { request, certificates, present } = await meant(world, wish);
  const { directory, eab, agreeTos } = request.settings;
  const accounts = await world.accounts();
  const email = present?.registered?.email;
  const other =
    wish.flags.email === undefined || email === wish.flags.email
      ? []
      : [`its contact is ${email ?? "none"}; to change it: mailcert account update --email ${wish.flags.email}`];
  if (wish.dryRun) {
    if (present)
      return { outcome: "present", account: shown(present, certificates, undefined), directory, notes: other };
    const { termsOfService, externalAccountRequired } = await accounts.terms(request);
    const notes = [
      ...(termsOfService === undefined
        ? []
        : [`terms of service: ${termsOfService}${agreeTos ? "" : " (add --agree-tos once you have read them)"}`]),
      ...(externalAccountRequired && eab === undefined
        ? ["the CA demands an external account binding: add --eab-kid KID --eab-hmac-file FILE"]
        : []),
    ];
    return { outcome: "planned", directory, notes };
  }
  const { outcome, account, replaced } = await accounts.register(request);
  if (outcome === "present")
    return { outcome, account: shown(account, certificates, undefined), directory, notes: other };
  const result = shown(account, certificates, undefined);
  await recordChange(world, {
    what: `registered the account ${account.registered?.url ?? ""} at ${directory}`,
  });
  const waited = await endWaits(world, certificates, directory);
  return {
    outcome,
    account: result,
    directory,
    notes: [
      ...waited.map((name) => `${name} waited for it: the next run tries again; at once: mailcert renew ${name}`),
      ...(replaced === undefined ? [] : [`the CA had deactivated ${replaced}: that one is not used any more`]),
      ...caaNote(result.certificates),
    ],
  };
};

/** Settings of certificates whose next order would put another address back. */
const contradicting = (
  certificates: readonly CertificateConfig[],
  directory: string,
  email: string | undefined,
): readonly string[] =>
  certificates
    .filter((one) =>
      casOf(one).some((ca) => ca.directory === directory && ca.email !== undefined && ca.email !== email),
    )
    .map(
      ({ name }) =>
        `the configuration of ${name} has another email: its next order puts that one back; change it there, too`,
    );

/** `address` undefined takes it away; otherwise it is the one of the flags. The caller holds the lock, unless it is a dry run. */
export const updateAccount = async (
  world: World,
  wish: AccountWish,
  address: string | undefined,
): Promise<ChangedAccount> => {
  const found = await meant(world, wish);
  const { request, certificates } = found;
  const { directory } = request.settings;
  const present = required(found);
  const email = address === undefined ? undefined : request.settings.email;
  const notes = contradicting(certificates, directory, email);
  const before = present.registered?.email;
  if (wish.dryRun) {
    const account = shown(present, certificates, undefined);
    const to = email ?? "none";
    return { outcome: "planned", account, directory, notes: [`contact: ${before ?? "none"} -> ${to}`, ...notes] };
  }
  const account = await (await world.accounts()).update(email, request);
  await recordChange(world, {
    what: `changed the contact of the account ${account.registered?.url ?? ""} from ${before ?? "none"} to ${email ?? "none"}`,
    undo: before === undefined ? "mailcert account update --no-email" : `mailcert account update --email ${before}`,
  });
  return { outcome: "updated", account: shown(account, certificates, undefined), directory, notes };
};

/** A new key for the account in use. The caller holds the lock, unless it is a dry run. */
export const rollOverAccount = async (world: World, wish: AccountWish): Promise<ChangedAccount> => {
  const found = await meant(world, wish);
  const { request, certificates } = found;
  const { directory } = request.settings;
  const present = required(found);
  if (wish.dryRun) {
    const notes = ["a new key would be made, and the CA told to know the account by it; its URL stays"];
    return { outcome: "planned", account: shown(present, certificates, undefined), directory, notes };
  }
  const { outcome, account } = await (await world.accounts()).rollOver(request);
  await recordChange(world, {
    what: `${outcome === "finished" ? "finished the change of" : "changed"} the key of the account ${account.registered?.url ?? ""}`,
  });
  return { outcome, account: shown(account, certificates, undefined), directory, notes: [] };
};

/** `confirm` throws where nobody says yes; nothing is changed before. From then on the caller holds the lock, unless it is a dry run. */
export const deactivateAccount = async (
  world: World,
  wish: AccountWish,
  confirm: (question: string) => Promise<void>,
): Promise<ChangedAccount> => {
  const found = await meant(world, wish);
  const { request, certificates } = found;
  const { directory } = request.settings;
  const before = shown(required(found), certificates, undefined);
  const url = before.registered?.url ?? "";
  const uses =
    before.certificates.length === 0 ? "" : `; ${before.certificates.join(", ")} could not be renewed with it`;
  if (wish.dryRun)
    return { outcome: "planned", account: before, directory, notes: [`${url} would be deactivated${uses}`] };
  await confirm(`Deactivate the account ${url}? No CA takes that back${uses}.`);
  const account = await (await world.accounts()).deactivate(request);
  await recordChange(world, { what: `deactivated the account ${url} at ${directory}` });
  return {
    outcome: "deactivated",
    account: shown(account, certificates, undefined),
    directory,
    notes: [
      `its key stays in ${account.folder}: certificates that it ordered are valid until they end, or are revoked`,
      ...before.certificates.map((name) => `${name} has no account now: mailcert account register ${name} --agree-tos`),
    ],
  };
};
