// Key rollover (RFC 8555 §7.3.5), and how a run that was killed within one is made good: the CA is asked which of the two keys it knows.
// The new key is on disk before the CA hears of it; the old one is replaced only after the CA has confirmed the new one.
import { registerCommand } from "../../domain/acme-directories.ts";
import { Failure } from "../../domain/failure.ts";
import {
  type AccountRecord,
  type StoredAccount,
  dropKey,
  makeNextKey,
  nextKeyName,
  promoteKey,
  refuseNextKey,
} from "./account-store.ts";
import type { Asking } from "./ask-ca.ts";
import { type Engine, createEngine } from "./engine.ts";
import { ProblemError, shortType } from "./problem.ts";
import { isLater, problemFailure } from "./problem-failure.ts";

export type RegisteredAccount = StoredAccount & { readonly record: AccountRecord };

type Ask = Pick<Asking, "directory" | "transport" | "now">;

/** By then every server of a CA knows which key the account has. */
const settledMs = 86_400_000;

const engineOf = ({ directory, transport }: Ask, accountKey: string, url: string, accountUrl?: string): Engine =>
  createEngine({
    transport,
    directoryUrl: url,
    directory: directory.document,
    accountKey,
    ...(accountUrl === undefined ? {} : { accountUrl }),
  });

/**
 * Does the CA know an account for this key (RFC 8555 §7.3.1)? Makes none. Which URL it calls the account by does not matter: nobody else has the
 * key, and one account may have several (what another client wrote down of Let's Encrypt's may be the acme-v01 one).
 */
const isKnown = async (ask: Ask, directoryUrl: string, key: string): Promise<boolean> => {
  const { api } = engineOf(ask, key, directoryUrl);
  try {
    await api.createAccount({ onlyReturnExisting: true });
    return true;
  } catch (error) {
    if (error instanceof ProblemError && shortType(error.problem) === "accountDoesNotExist") return false;
    throw error;
  }
};

const noneKnown = ({ folder, record, nextKey, refusedKeys = [] }: RegisteredAccount): Failure => {
  const next = nextKey === undefined ? [] : [nextKeyName];
  const files = ["key.pem", ...next, ...refusedKeys.map(({ name }) => name)].join(", ");
  return new Failure("config", `the CA knows no key in ${folder} (${files}) as the key of ${record.url}`, {
    hints: [
      "put the account's key back from a backup, if there is one",
      `to go on with a new account: mv ${folder} ${folder}.old, then: ${registerCommand(record.directory)}`,
    ],
    facts: { account: record.url, folder, code: "ACCOUNT" },
  });
};

interface KeyFile {
  readonly name: string;
  readonly key: string;
}

/** The one of the new keys that the CA knows; undefined: it knows the old one. @throws Failure `config` where it knows none of them. */
const newKeyAtCa = async (account: RegisteredAccount, ask: Ask): Promise<KeyFile | undefined> => {
  const { record, key, nextKey, refusedKeys = [] } = account;
  const knows = (one: string): Promise<boolean> => isKnown(ask, record.directory, one);
  if (nextKey !== undefined && (await knows(nextKey))) return { name: nextKeyName, key: nextKey };
  if (await knows(key)) return undefined;
  for (const refused of refusedKeys) if (await knows(refused.key)) return refused;
  throw noneKnown(account);
};

/** The old key is the account's, a day after the CA refused them. */
const dropSettled = async ({ folder, refusedKeys = [] }: RegisteredAccount, now: Date): Promise<void> => {
  for (const { name, refusedAt } of refusedKeys)
    if (now.getTime() - refusedAt.getTime() > settledMs) await dropKey(folder, name);
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
  const { nextKey, refusedKeys, ...rest } = account;
  if (nextKey === undefined && refusedKeys === undefined) return account;
  const taken = await newKeyAtCa(account, ask);
  if (taken === undefined) {
    if (!keep) await dropSettled(account, ask.now());
    return account;
  }
  if (!keep) await promoteKey(account.folder, taken.name);
  return { ...rest, key: taken.key };
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
  const ask = { directory, transport, now };
  const { folder, record } = account;
  const { keyChange } = directory;
  if (keyChange === undefined) throw noRollover(record.directory);
  const settled = await withKnownKey(account, ask);
  if (settled.key !== account.key) return "finished";
  const nextKey = settled.nextKey ?? (await makeNextKey(folder));
  try {
    await changeKey(settled, nextKey, ask, keyChange);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // A connection that broke makes the engine ask again: the CA then refuses the old key, because it has taken the new one.
    const refused = !isLater(error.problem) && error.problem.status < 500;
    const known = await newKeyAtCa({ ...settled, nextKey }, ask).catch(async (noneOrSilent: unknown) => {
      // A key that the CA has just refused and does not know either is nothing to go on with.
      if (refused && noneOrSilent instanceof Failure && noneOrSilent.facts?.["code"] === "ACCOUNT")
        await refuseNextKey(folder, now());
      throw noneOrSilent;
    });
    if (known === undefined) {
      if (refused) await refuseNextKey(folder, now());
      const doing = "the CA would not take a new account key, and the old one stays";
      throw problemFailure(error.problem, { doing, now: now() });
    }
  }
  if (!(await isKnown(ask, record.directory, nextKey)))
    throw new Failure("unavailable", `the CA said that it took the new key of ${record.url}, and does not know it`, {
      hints: [`both keys are kept in ${folder}: run the command again, it asks the CA which one it knows`],
    });
  await promoteKey(folder, nextKeyName);
  return "rolled-over";
};
