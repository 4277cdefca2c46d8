// The ACME account: registered once with the CA's terms agreed to, kept, its e-mail brought up to date; never silently replaced.
import { registerCommand } from "../../domain/acme-directories.ts";
import type { AcmeSettings } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import { type AccountBinding, readAccountBinding } from "./account-binding.ts";
import { type AccountRecord, type StoredAccount, findAccount, makeAccountKey, saveRecord } from "./account-store.ts";
import type { Directory } from "./directory.ts";
import { type Engine, createEngine } from "./engine.ts";
import { type Problem, ProblemError, describeProblem, shortType } from "./problem.ts";
import { problemFailure } from "./problem-failure.ts";
import { type RegisteredAccount, withKnownKey } from "./rollover.ts";
import type { Transport } from "./transport.ts";

export interface AccountOptions {
  readonly stateDir: string;
  readonly settings: AcmeSettings;
  readonly directory: Directory;
  readonly transport: Transport;
  readonly now: () => Date;
  readonly step: (what: string) => void;
  /** One sentence for people, shown with what was issued. */
  readonly note: (sentence: string) => void;
  /** Told of an account that this run registered, once it is kept. */
  readonly registered?: (account: Pick<AccountRecord, "url" | "directory">) => Promise<void>;
  /** A person asks for a new account where the present one was deactivated. */
  readonly fresh?: boolean;
}

export interface Account {
  readonly engine: Engine;
  readonly folder: string;
  readonly record: AccountRecord;
}

/** RFC 8555 §7.3: contact URLs; an empty list takes the address away. */
export const contact = (email: string | undefined): readonly string[] =>
  email === undefined ? [] : [`mailto:${email}`];

/** @throws Failure `config` where no account can be registered with these settings. */
export const requireTerms = ({ settings, directory }: Pick<AccountOptions, "settings" | "directory">): void => {
  if (directory.termsOfService !== undefined && !settings.agreeTos)
    throw new Failure("config", `the CA's terms of service are not agreed to: ${directory.termsOfService}`, {
      hints: ["read them, then write agree_tos: true (--agree-tos): with that an account is registered at the CA"],
      facts: { termsOfService: directory.termsOfService },
    });
};

/** So say Boulder and Pebble of a signature by a key that is not the account's. */
const isWrongKey = (problem: Problem): boolean =>
  shortType(problem) === "malformed" && /JWS verification error/i.test(problem.detail);

/** Is it the account itself that the CA does not take? Boulder answers 403 unauthorized for a deactivated one. */
export const isAccountProblem = (problem: Problem): boolean =>
  shortType(problem) === "accountDoesNotExist" ||
  isWrongKey(problem) ||
  (shortType(problem) === "unauthorized" && /deactivated|revoked|account/i.test(problem.detail));

const refusalWords = (problem: Problem, folder: string, url: string | undefined): string => {
  const which = url === undefined ? "the account of the stored key" : `the account ${url}`;
  if (isWrongKey(problem)) return `the CA does not take ${folder}/key.pem for the key of ${which}`;
  return `the CA ${shortType(problem) === "accountDoesNotExist" ? "does not know" : "no longer accepts"} ${which}`;
};

const ownHint = (problem: Problem): string => {
  if (isWrongKey(problem)) return "put the account's key back from a backup, if it was changed elsewhere";
  return shortType(problem) === "accountDoesNotExist"
    ? "if the CA lost its data, or the state folder came from another machine, put the right one back instead"
    : "or: mailcert account register, which marks this one as deactivated and makes another";
};

/** The CA refuses the account that we hold: the operator decides, because CAA records may name it (RFC 8657). */
export const accountFailure = (
  problem: Problem,
  folder: string,
  { url, directory }: { readonly url?: string; readonly directory: string },
): Failure =>
  new Failure("config", `${refusalWords(problem, folder, url)}: ${describeProblem(problem)}`, {
    hints: [
      ...(isWrongKey(problem) ? [ownHint(problem)] : []),
      `to go on with a new account: mv ${folder} ${folder}.old, then: ${registerCommand(directory)}`,
      "a CAA record with accounturi= (RFC 8657) that names the old account has to be changed first",
      ...(isWrongKey(problem) ? [] : [ownHint(problem)]),
    ],
    facts: { code: "ACCOUNT", problem, account: url, folder },
  });

/** A person has deactivated it with us: no CA takes that back. */
export const deactivatedFailure = ({ url, directory, deactivatedAt = "" }: AccountRecord): Failure =>
  new Failure(
    "config",
    `the account ${url} was deactivated on ${deactivatedAt.slice(0, 10)}: nothing is ordered with it`,
    {
      hints: [
        `register a new one: ${registerCommand(directory)}`,
        "a CAA record with accounturi= (RFC 8657) that names the old account has to be changed first",
      ],
      facts: { code: "ACCOUNT_DEACTIVATED", account: url, deactivatedAt },
    },
  );

const register = async (
  stored: StoredAccount,
  binding: AccountBinding | undefined,
  o: AccountOptions,
): Promise<Account> => {
  const { settings, directory, transport } = o;
  const engine = createEngine({
    transport,
    directoryUrl: settings.directory,
    directory: directory.document,
    accountKey: stored.key,
    ...(binding === undefined ? {} : { binding }),
  });
  const terms = directory.termsOfService;
  let reply;
  try {
    reply = await engine.api.createAccount({
      ...(terms === undefined ? {} : { termsOfServiceAgreed: true }),
      ...(settings.email === undefined ? {} : { contact: contact(settings.email) }),
    });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (isAccountProblem(error.problem)) throw accountFailure(error.problem, stored.folder, settings);
    throw problemFailure(error.problem, { doing: "the CA would not register an account", now: o.now() });
  }
  const { accountUrl } = engine.api;
  if (accountUrl === null)
    throw new Failure(
      "unavailable",
      `the CA at ${settings.directory} registered an account without saying its URL (RFC 8555 §7.3)`,
      { hints: ["run the command again later: the CA knows the account by the key that is kept"] },
    );
  const status = (reply.data as { status?: unknown } | null)?.status;
  if (status === "deactivated" || status === "revoked")
    throw accountFailure(
      {
        type: "urn:ietf:params:acme:error:unauthorized",
        detail: `its status is "${status}"`,
        status: 200,
        subproblems: [],
      },
      stored.folder,
      { url: accountUrl, directory: settings.directory },
    );
  const at = o.now().toISOString();
  const record: AccountRecord = {
    schema: 1,
    url: accountUrl,
    directory: settings.directory,
    // 200: the account was there already (a killed run made it), perhaps with another address: that is brought up to date below.
    ...(settings.email === undefined || reply.status === 200 ? {} : { email: settings.email }),
    ...(terms === undefined ? {} : { termsOfService: terms, tosAgreedAt: at }),
    createdAt: at,
  };
  await saveRecord(stored.folder, record);
  await o.registered?.(record);
  o.step(`account ${accountUrl} registered, key in ${stored.folder}`);
  return { engine, folder: stored.folder, record };
};

/** Addresses that are remembered. */
const mostFormer = 20;

const updateEmail = async (account: Account, o: AccountOptions): Promise<Account> => {
  const { email } = o.settings;
  // No address in the settings is no opinion: one that is registered stays.
  if (email === undefined || email === account.record.email) return account;
  // Certificates with different addresses would change it to and fro with each order.
  if (account.record.formerEmails?.includes(email) === true) {
    o.note(
      `the account at ${o.settings.directory} has had ${email} before, and has ${account.record.email ?? "none"} now: give its certificates one address (email:), or set this one: mailcert account update --email ${email}`,
    );
    return account;
  }
  try {
    await account.engine.api.updateAccount({ contact: contact(email) });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (isAccountProblem(error.problem)) throw accountFailure(error.problem, account.folder, account.record);
    // Nobody's mail depends on it: a certificate does not end because of a contact.
    const mend = shortType(error.problem).endsWith("Contact")
      ? "give one that it takes (email:)"
      : "the next order asks again";
    const kept = account.record.email === undefined ? "" : `, which stays ${account.record.email}`;
    o.note(
      `the CA would not change the account's e-mail address to ${email}${kept}: ${describeProblem(error.problem)}; ${mend}`,
    );
    return account;
  }
  const { email: before, formerEmails = [] } = account.record;
  const former = [...formerEmails, ...(before === undefined ? [] : [before])].slice(-mostFormer);
  const record = { ...account.record, email, ...(former.length === 0 ? {} : { formerEmails: former }) };
  await saveRecord(account.folder, record);
  o.step(`account ${record.url}: e-mail address is now ${email}`);
  return { ...account, record };
};

/** A problem of the CA's while it is asked which key it knows is one with the account. */
const knownKey = async (account: RegisteredAccount, o: AccountOptions): Promise<RegisteredAccount> => {
  try {
    return await withKnownKey(account, o);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw problemFailure(error.problem, { doing: "the CA does not say which account key it knows", now: o.now() });
  }
};

/** The account for these settings. @throws Failure when there is none and the terms are not agreed to, or the CA refuses it. */
export const ensureAccount = async (o: AccountOptions): Promise<Account> => {
  const { stateDir, settings, directory, transport } = o;
  const stored = await findAccount(stateDir, settings.directory);
  const record = stored?.record;
  if (record?.deactivatedAt !== undefined && !o.fresh) throw deactivatedFailure(record);
  if (stored === undefined || record === undefined || record.deactivatedAt !== undefined) {
    requireTerms(o);
    // Only where the CA demands it: with several CAs it is one of them that knows the customer.
    const binding = directory.externalAccountRequired ? await readAccountBinding(settings) : undefined;
    const waiting = record === undefined ? stored : undefined;
    const key = waiting ?? (await makeAccountKey(stateDir, settings.directory));
    return updateEmail(await register(key, binding, o), o);
  }
  const { folder, key } = await knownKey({ ...stored, record }, o);
  const engine = createEngine({
    transport,
    directoryUrl: settings.directory,
    directory: directory.document,
    accountKey: key,
    accountUrl: record.url,
  });
  return updateEmail({ engine, folder, record }, o);
};
