// Accounts as `mailcert account` works with them: what is on disk, and the requests of RFC 8555 §7.3 about them.
import { basename, dirname } from "node:path";
import { registerCommand } from "../../domain/acme-directories.ts";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import type { AccountAtCa, AccountRequest, Accounts, KnownAccount } from "../accounts.ts";
import { accountFailure, contact, deactivatedFailure, ensureAccount, isAccountProblem } from "./account.ts";
import {
  type DamagedAccount,
  type StoredAccount,
  accountsAt,
  allAccounts,
  dropKey,
  findAccount,
  nextKeyName,
  saveRecord,
} from "./account-store.ts";
import { type AskOptions, type Asking, askCa } from "./ask-ca.ts";
import { createEngine } from "./engine.ts";
import { createLines } from "./line.ts";
import { ProblemError } from "./problem.ts";
import { problemFailure } from "./problem-failure.ts";
import { type RegisteredAccount, rollOver, withKnownKey } from "./rollover.ts";

const known = (account: StoredAccount, inUse: boolean): KnownAccount => {
  const { folder, record, nextKey } = account;
  const { schema: _schema, formerEmails: _former, ...registered } = record ?? { schema: 1 };
  return {
    folder,
    ca: basename(dirname(folder)),
    ...(record === undefined ? {} : { registered: registered as NonNullable<KnownAccount["registered"]> }),
    inUse: inUse && record?.deactivatedAt === undefined,
    unfinishedRollover: nextKey !== undefined,
  };
};

const unusable = ({ folder, failure: { message, hints } }: DamagedAccount): KnownAccount => ({
  folder,
  ca: basename(dirname(folder)),
  inUse: false,
  unfinishedRollover: false,
  trouble: { message, hints },
});

const none = (directory: string): Failure =>
  new Failure("config", `no account is registered at ${directory}`, {
    hints: [`register one: ${registerCommand(directory)}`],
  });

/** What the CA refuses, in words; anything else is thrown on. */
const refused = (error: unknown, doing: string, account: RegisteredAccount, now: Date): unknown => {
  if (!(error instanceof ProblemError)) return error;
  const { folder, record } = account;
  return isAccountProblem(error.problem)
    ? accountFailure(error.problem, folder, record)
    : problemFailure(error.problem, { doing, now });
};

/** A request to the account's URL: null reads it (RFC 8555 §6.3). */
const request = async (
  { key, record }: RegisteredAccount,
  payload: object | null,
  { transport, directory, settings }: Asking,
): Promise<Readonly<Record<string, unknown>>> => {
  const { api } = createEngine({
    transport,
    directoryUrl: settings.directory,
    directory: directory.document,
    accountKey: key,
    accountUrl: record.url,
  });
  const { data } = await api.apiRequest(record.url, payload, [200]);
  return typeof data === "object" && data !== null ? (data as Readonly<Record<string, unknown>>) : {};
};

const contactOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? (value as readonly unknown[]) : [])
    .flatMap((one) => (typeof one === "string" ? [clean(one, 300)] : []))
    .slice(0, 20);

export const createAccounts = (o: AskOptions): Accounts => {
  const lines = createLines();
  const { stateDir, now } = o;

  /** The account in use, and the way to its CA. */
  const inUse = async (what: AccountRequest): Promise<{ account: RegisteredAccount; asking: Asking }> => {
    const { directory } = what.settings;
    const stored = await findAccount(stateDir, directory);
    if (stored?.record === undefined) throw none(directory);
    if (stored.record.deactivatedAt !== undefined) throw deactivatedFailure(stored.record);
    return { account: { ...stored, record: stored.record }, asking: await askCa(o, lines, what.settings, what) };
  };

  const changed = async (what: AccountRequest, doing: string, payload: object): Promise<RegisteredAccount> => {
    const { account, asking } = await inUse(what);
    try {
      const settled = await withKnownKey(account, asking);
      await request(settled, payload, asking);
      return settled;
    } catch (error) {
      throw refused(error, doing, account, now());
    }
  };

  const stateOf = async (account: RegisteredAccount, asking: Asking): Promise<AccountAtCa> => {
    try {
      const settled = await withKnownKey(account, asking, { keep: true });
      const data = await request(settled, null, asking);
      const status = typeof data["status"] === "string" ? clean(data["status"], 40) : "valid";
      return { status, contact: contactOf(data["contact"]), identities: asking.directory.caaIdentities };
    } catch (error) {
      throw refused(error, "the CA does not show the account", account, now());
    }
  };

  const ask: Accounts["ask"] = async (folder, what) => {
    const all = await accountsAt(stateDir, what.settings.directory);
    const stored = all.find((one) => one.folder === folder);
    if (stored?.record === undefined) throw none(what.settings.directory);
    return stateOf({ ...stored, record: stored.record }, await askCa(o, lines, what.settings, what));
  };

  return {
    list: async () =>
      (await allAccounts(stateDir)).flatMap(({ accounts, damaged }) => [
        ...accounts.map((one, index) => known(one, index === 0)),
        ...damaged.map(unusable),
      ]),
    ask,
    terms: async (what) => {
      const { directory } = await askCa(o, lines, what.settings, what);
      const { termsOfService, externalAccountRequired } = directory;
      return { ...(termsOfService === undefined ? {} : { termsOfService }), externalAccountRequired };
    },
    register: async (what) => {
      const { settings, step } = what;
      const before = await findAccount(stateDir, settings.directory);
      const asking = await askCa(o, lines, settings, what);
      let replaced: string | undefined;
      if (before?.record !== undefined && before.record.deactivatedAt === undefined) {
        const account = { ...before, record: before.record };
        const { status } = await stateOf(account, asking).catch((error: unknown) => deadStatus(error));
        if (status === "valid") return { outcome: "present", account: known(before, true) };
        replaced = account.record.url;
        await saveRecord(before.folder, { ...account.record, deactivatedAt: now().toISOString() });
      }
      const { folder } = await ensureAccount({ ...asking, stateDir, step, note: step, fresh: true });
      const [stored] = (await accountsAt(stateDir, settings.directory)).filter((one) => one.folder === folder);
      if (!stored) throw none(settings.directory);
      const account = known(stored, true);
      return { outcome: "registered", account, ...(replaced === undefined ? {} : { replaced }) };
    },
    update: async (email, what) => {
      const { email: _before, ...record } = (
        await changed(what, "the CA would not change the account's contact", { contact: contact(email) })
      ).record;
      const stored = await findAccount(stateDir, what.settings.directory);
      if (!stored) throw none(what.settings.directory);
      const next = { ...record, ...(email === undefined ? {} : { email }) };
      await saveRecord(stored.folder, next);
      return known({ ...stored, record: next }, true);
    },
    rollOver: async (what) => {
      const { account, asking } = await inUse(what);
      try {
        const outcome = await rollOver(account, asking);
        const { nextKey: _done, ...rest } = account;
        return { outcome, account: known(rest, true) };
      } catch (error) {
        throw refused(error, "the CA does not answer about the account's key", account, now());
      }
    },
    deactivate: async (what) => {
      const account = await changed(what, "the CA would not deactivate the account", { status: "deactivated" }).catch(
        async (error: unknown) => {
          // A run that was killed before it could write it down.
          deadStatus(error);
          return (await inUse(what)).account;
        },
      );
      const record = { ...account.record, deactivatedAt: now().toISOString() };
      await saveRecord(account.folder, record);
      // It was never the account's: the key that it has stays.
      await dropKey(account.folder, nextKeyName);
      const { nextKey: _dropped, ...rest } = account;
      return known({ ...rest, record }, false);
    },
  };
};

/** An account that the CA says is at its end; any other failure is thrown on. */
const deadStatus = (error: unknown): { readonly status: string } => {
  if (error instanceof Failure) {
    const problem = error.facts?.["problem"] as { readonly type?: unknown; readonly detail?: unknown } | undefined;
    const isDead =
      problem?.type === "urn:ietf:params:acme:error:unauthorized" &&
      /deactivated|revoked/i.test(typeof problem.detail === "string" ? problem.detail : "");
    if (isDead) return { status: "deactivated" };
  }
  throw error;
};
