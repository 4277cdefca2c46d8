// Key rollover (RFC 8555 §7.3.5), and how a run that was killed within one is made good: the CA is asked which of the two keys it knows.
// The new key is on disk before the CA hears of it; the old one is replaced only after the CA has confirmed the new one.
import { registerCommand } from "../../domain/acme-directories.ts";
import { Failure } from "../../domain/failure.ts";
import { type AccountRecord, type StoredAccount, dropNextKey, makeNextKey, promoteNextKey } from "./account-store.ts";
import type { Asking } from "./ask-ca.ts";
import { type Engine, createEngine } from "./engine.ts";
import { ProblemError, shortType } from "./problem.ts";
import { isLater, problemFailure } from "./problem-failure.ts";

export type RegisteredAccount = StoredAccount & { readonly record: AccountRecord };

type Ask = Pick<Asking, "directory" | "transport">;

const engineOf = ({ directory, transport }: Ask, accountKey: string, url: string, accountUrl?: string): Engine =>
  createEngine({
    transport,
    directoryUrl: url,
    directory: directory.document,
    accountKey,
    ...(accountUrl === undefined ? {} : { accountUrl }),
  });

/** The URL of the account that the CA knows for a key (RFC 8555 §7.3.1); undefined: none. Makes nothing. */
const accountOf = async (ask: Ask, directoryUrl: string, key: string): Promise<string | undefined> => {
  const { api } = engineOf(ask, key, directoryUrl);
  try {
    await api.createAccount({ onlyReturnExisting: true });
    return api.accountUrl ?? undefined;
  } catch (error) {
    if (error instanceof ProblemError && shortType(error.problem) === "accountDoesNotExist") return undefined;
    throw error;
  }
};

const neither = ({ folder, record }: RegisteredAccount): Failure =>
  new Failure("config", `the CA knows neither key.pem nor key.next.pem in ${folder} as the key of ${record.url}`, {
    hints: [
      "put the account's key back from a backup, if there is one",
      `to go on with a new account: mv ${folder} ${folder}.old, then: ${registerCommand(record.directory)}`,
    ],
    facts: { account: record.url, folder, code: "ACCOUNT", neither: true },
  });

/** Which key of an unfinished rollover the CA knows. @throws Failure `config` where it is neither. */
const keyAtCa = async (account: RegisteredAccount, nextKey: string, ask: Ask): Promise<"old" | "new"> => {
  const { record, key } = account;
  if ((await accountOf(ask, record.directory, nextKey)) === record.url) return "new";
  if ((await accountOf(ask, record.directory, key)) === record.url) return "old";
  throw neither(account);
};

/**
 * The account with the key that the CA knows. Where a rollover was left unfinished that costs a request or two. `keep`: for a run without
 * the lock, the files stay as they are. A key that the CA has not taken is left for `account rollover` to go on with.
 */
export const withKnownKey = async (
  account: RegisteredAccount,
  ask: Ask,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<RegisteredAccount> => {
  const { nextKey, ...rest } = account;
  if (nextKey === undefined) return account;
  if ((await keyAtCa(account, nextKey, ask)) === "old") return account;
  if (!keep) await promoteNextKey(account.folder);
  return { ...rest, key: nextKey };
};

const noRollover = (directoryUrl: string): Failure =>
  new Failure("unavailable", `the CA at ${directoryUrl} offers no key rollover: its directory lists no keyChange`, {
    hints: [
      "the way to another key there is a new account: mailcert account deactivate, then mailcert account register",
    ],
  });

/** Outer JWS by the old key in the account's name, inner one by the new key. */
const changeKey = async (account: RegisteredAccount, nextKey: string, ask: Ask, keyChange: string): Promise<void> => {
  const { record, key } = account;
  const old = engineOf(ask, key, record.directory, record.url);
  const next = engineOf(ask, nextKey, record.directory);
  const inner = next.signInner(keyChange, { account: record.url, oldKey: old.jwk() });
  await old.api.apiRequest(keyChange, inner, [200]);
};

/** `finished`: the CA had taken the key of an earlier, killed run; nothing more was done. The caller holds the lock. */
export const rollOver = async (
  account: RegisteredAccount,
  { directory, transport, now }: Asking,
): Promise<"rolled-over" | "finished"> => {
  const ask = { directory, transport };
  const { folder, record } = account;
  const { keyChange } = directory;
  if (keyChange === undefined) throw noRollover(record.directory);
  const settled = await withKnownKey(account, ask);
  if (account.nextKey !== undefined && settled.key === account.nextKey) return "finished";
  const nextKey = settled.nextKey ?? (await makeNextKey(folder));
  try {
    await changeKey(settled, nextKey, ask, keyChange);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // A connection that broke makes the engine ask again: the CA then refuses the old key, because it has taken the new one.
    const refused = !isLater(error.problem) && error.problem.status < 500;
    const known = await keyAtCa(settled, nextKey, ask).catch(async (neitherOrSilent: unknown) => {
      // A key that the CA has just refused and does not know either is nothing to go on with.
      if (refused && neitherOrSilent instanceof Failure && neitherOrSilent.facts?.["neither"] === true)
        await dropNextKey(folder);
      throw neitherOrSilent;
    });
    if (known === "old") {
      if (refused) await dropNextKey(folder);
      const doing = "the CA would not take a new account key, and the old one stays";
      throw problemFailure(error.problem, { doing, now: now() });
    }
  }
  if ((await accountOf(ask, record.directory, nextKey)) !== record.url)
    throw new Failure("unavailable", `the CA said that it took the new key of ${record.url}, and does not know it`, {
      hints: [`both keys are kept in ${folder}: run the command again, it asks the CA which one it knows`],
    });
  await promoteNextKey(folder);
  return "rolled-over";
};
