// ACME accounts for people and as JSON: never a key.
import type { ChangedAccount } from "../usecases/account.ts";
import type { ShownAccount } from "../usecases/account-show.ts";
import { day } from "./dates.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const stateOf = ({ registered, inUse, live, trouble }: ShownAccount): string => {
  if (!registered && trouble) return "cannot be used, and nothing is ordered at this CA";
  if (!registered) return "a key that waits for its account: a registration that did not get that far";
  if (registered.deactivatedAt !== undefined) return `deactivated on ${day(new Date(registered.deactivatedAt))}`;
  if (!inUse) return "not in use: a newer account of this CA is";
  if (live) return `in use; the CA says: ${live.status}`;
  return trouble ? "in use on this host; what the CA says stands below" : "in use on this host (--check asks the CA)";
};

const contactOf = ({ registered, live }: ShownAccount): string => {
  const atCa = live?.contact.map((url) => url.replace(/^mailto:/, "")).join(", ");
  // Not every CA tells: Let's Encrypt forgets addresses.
  return atCa ? atCa : (registered?.email ?? "none");
};

const accountText = (one: ShownAccount): string => {
  const { registered, certificates, caa, folder, unfinishedRollover, trouble } = one;
  return [
    `${one.title}: ${registered?.url ?? (trouble ? "an account" : "no account yet")}`,
    `  ${stateOf(one)}`,
    ...(registered
      ? [
          `  directory ${registered.directory}`,
          `  contact ${contactOf(one)}, registered ${day(new Date(registered.createdAt))}`,
        ]
      : []),
    `  key in ${folder}`,
    ...(certificates.length > 0 ? [`  orders ${certificates.join(", ")}`] : []),
    ...(unfinishedRollover ? ["  a key rollover is unfinished: mailcert account rollover goes on with it"] : []),
    ...(caa.length > 0
      ? [
          "  CAA records that let only this account order there (RFC 8657):",
          ...caa.slice(0, 20).map((line) => `    ${line}`),
          ...(caa.length > 20 ? [`    (${caa.length - 20} more names)`] : []),
        ]
      : []),
    ...(caa.length === 0 && certificates.length > 0 && !one.live
      ? ["  CAA records that let only this account order there: mailcert account show --check"]
      : []),
    ...(trouble ? [`  FAILED: ${trouble.message}`, ...trouble.hints.map((hint) => `    -> ${hint}`)] : []),
  ].join("\n");
};

export const accountsText = (accounts: readonly ShownAccount[]): string =>
  accounts.length === 0
    ? "no ACME account; the first order with --agree-tos registers one, and so does: mailcert account register"
    : accounts.map(accountText).join("\n\n");

/** Something that is in use could not be used. */
export const hasAccountTrouble = (accounts: readonly ShownAccount[]): boolean =>
  accounts.some(({ trouble }) => trouble !== undefined);

export const accountsDocument = (accounts: readonly ShownAccount[]): object => ({
  schema: "mailcert.account/1",
  action: "show",
  ok: !hasAccountTrouble(accounts),
  accounts,
});

const outcomes: Readonly<Record<Exclude<ChangedAccount["outcome"], "updated">, string>> = {
  planned: "nothing was changed (--dry-run)",
  registered: "registered",
  present: "there is one already, and nothing was changed",
  "rolled-over": "it has a new key; its URL and CAA records stay as they are",
  finished: "the new key of an earlier run is in place: the CA had taken it",
  deactivated: "deactivated",
};

const outcomeText = ({ outcome, account }: ChangedAccount): string => {
  if (outcome !== "updated") return outcomes[outcome];
  const email = account?.registered?.email;
  return email === undefined ? "it has no contact now" : `its contact is ${email} now`;
};

export const changedAccountText = (change: ChangedAccount): string =>
  [
    `${change.account?.registered?.url ?? change.directory}: ${outcomeText(change)}`,
    ...(change.outcome === "registered" && change.account ? ["", accountText(change.account)] : []),
    ...change.notes.map((note) => wrap(note, textWidth, "  - ", "    ")),
  ].join("\n");

export type AccountAction = "register" | "update" | "rollover" | "deactivate";

export const changedAccountDocument = (
  action: AccountAction,
  { outcome, account, directory, notes }: ChangedAccount,
): object => ({
  schema: "mailcert.account/1",
  action,
  ok: true,
  outcome,
  directory,
  ...(account ? { account } : {}),
  notes,
});
