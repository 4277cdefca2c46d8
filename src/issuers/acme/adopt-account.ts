// An account that another client registered becomes ours: the same key, the same URL, so that CAA records and ARI stay true.
import { readPrivateKey } from "../../domain/private-key.ts";
import { type AccountRecord, findAccount, saveRecord, storeAccountKey } from "./account-store.ts";

export interface AdoptableAccount {
  readonly directory: string;
  readonly url: string;
  readonly email?: string;
  /** PEM. */
  readonly key: string;
}

/** `other`: an account of ours is in use at this CA, its URL beside it; it stays. */
export type Adoption =
  { readonly outcome: "imported" | "present" } | { readonly outcome: "other"; readonly url: string };

/** What `adoptAccount` would do. */
export const adoptionOf = async (stateDir: string, { directory, url }: AdoptableAccount): Promise<Adoption> => {
  const ours = (await findAccount(stateDir, directory))?.record;
  if (ours === undefined) return { outcome: "imported" };
  if (ours.deactivatedAt !== undefined && ours.url !== url) return { outcome: "imported" };
  return ours.url === url ? { outcome: "present" } : { outcome: "other", url: ours.url };
};

/** The caller holds the lock. The key comes first: a run that is killed in between does the same again. */
export const adoptAccount = async (stateDir: string, account: AdoptableAccount, now: Date): Promise<Adoption> => {
  const adoption = await adoptionOf(stateDir, account);
  if (adoption.outcome !== "imported") return adoption;
  const { directory, url, email, key } = account;
  const { folder } = await storeAccountKey(stateDir, directory, readPrivateKey(key));
  const record: AccountRecord = {
    schema: 1,
    url,
    directory,
    ...(email === undefined ? {} : { email }),
    createdAt: now.toISOString(),
  };
  await saveRecord(folder, record);
  return adoption;
};
