// Taking over an account: where it lies, what modes, what a killed run leaves, and that one in use stays.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findAccount } from "../../../src/issuers/acme/account-store.ts";
import { adoptAccount, adoptionOf } from "../../../src/issuers/acme/adopt-account.ts";
import { accountKey } from "../../fakes/foreign-clients.ts";

const directory = "https://ca.example.org/directory";
const url = "https://ca.example.org/acct/1";
const now = new Date("2026-11-20T12:00:00Z");

let state = "";
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-adopt-"));
});
afterEach(() => rm(state, { recursive: true, force: true }));

test.each(["RSA", "P-256", "P-384", "P-521"] as const)(
  "%s: the same URL, found as the account in use",
  async (kind) => {
    const account = { directory, url, email: "postmaster@example.org", key: accountKey(kind) };
    expect(await adoptionOf(state, account)).toEqual({ outcome: "imported" });
    expect(await findAccount(state, directory)).toBeUndefined();
    expect(await adoptAccount(state, account, now)).toEqual({ outcome: "imported" });
    const found = await findAccount(state, directory);
    expect(found?.key).toBe(account.key);
    expect(found?.record).toEqual({ schema: 1, url, directory, email: account.email, createdAt: now.toISOString() });
    expect((await stat(found?.folder ?? "")).mode & 0o777).toBe(0o700);
    expect((await stat(join(found?.folder ?? "", "key.pem"))).mode & 0o777).toBe(0o600);
    expect(await adoptAccount(state, account, now)).toEqual({ outcome: "present" });
  },
);

test("killed between key and record: the next run does the same again", async () => {
  const account = { directory, url, key: accountKey("P-256") };
  await adoptAccount(state, account, now);
  const folder = (await findAccount(state, directory))?.folder ?? "";
  await rm(join(folder, "account.json"));
  expect(await adoptAccount(state, account, now)).toEqual({ outcome: "imported" });
  expect((await findAccount(state, directory))?.folder).toBe(folder);
});

test("an account that is in use at the CA stays", async () => {
  await adoptAccount(state, { directory, url, key: accountKey("P-256") }, now);
  const other = { directory, url: `${url}2`, key: accountKey("P-256") };
  expect(await adoptAccount(state, other, new Date(now.getTime() + 1000))).toEqual({ outcome: "other", url });
  expect((await findAccount(state, directory))?.record?.url).toBe(url);
  const elsewhere = { ...other, directory: "https://other.example.org/directory" };
  expect(await adoptAccount(state, elsewhere, now)).toEqual({ outcome: "imported" });
});
