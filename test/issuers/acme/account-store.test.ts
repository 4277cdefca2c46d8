// Accounts on disk: modes, order of writing, which one is used, and what is said of a damaged one.
import { mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type AccountRecord,
  findAccount,
  makeAccountKey,
  saveRecord,
} from "../../../src/issuers/acme/account-store.ts";
import { type LeftOrder, createOrderStore } from "../../../src/issuers/acme/order-store.ts";

const directory = "https://ca.example.org/directory";
const record = (createdAt: string): AccountRecord => ({
  schema: 1,
  url: `https://ca.example.org/acct/${createdAt}`,
  directory,
  createdAt,
});
const now = new Date("2026-11-20T12:00:00Z");
const placed = (url: string, placedAt = now): LeftOrder => ({ url, placedAt, exempt: false });

let state = "";
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-accounts-"));
});
afterEach(() => rm(state, { recursive: true, force: true }));

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("account store", () => {
  test("no account at first; a key without a record is found again", async () => {
    expect(await findAccount(state, directory)).toBeUndefined();
    const made = await makeAccountKey(state, directory);
    expect(await findAccount(state, directory)).toEqual({ folder: made.folder, key: made.key });
    expect(await findAccount(state, "https://other.example.org/directory")).toBeUndefined();
  });

  test("folders are 0700, files 0600, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      const { folder } = await makeAccountKey(state, directory);
      await saveRecord(folder, record("2026-01-01T00:00:00.000Z"));
      expect(folder).toMatch(/\/accounts\/ca\.example\.org\/[0-9a-f]{16}$/);
      expect(await mode(join(state, "accounts"))).toBe(0o700);
      expect(await mode(folder)).toBe(0o700);
      expect(await mode(join(folder, "key.pem"))).toBe(0o600);
      expect(await mode(join(folder, "account.json"))).toBe(0o600);
      expect(await readFile(join(folder, "account.json"), "utf8")).not.toContain("PRIVATE");
      expect((await readdir(folder)).sort()).toEqual(["account.json", "key.pem"]);
    } finally {
      process.umask(before);
    }
  });

  test("the newest registered account wins over older ones and over a key that waits", async () => {
    const old = await makeAccountKey(state, directory);
    await saveRecord(old.folder, record("2026-01-01T00:00:00.000Z"));
    const newer = await makeAccountKey(state, directory);
    await saveRecord(newer.folder, record("2026-02-01T00:00:00.000Z"));
    await makeAccountKey(state, directory);
    expect((await findAccount(state, directory))?.folder).toBe(newer.folder);
    // The way out of a dead account: moved aside, it is not looked at any more.
    await rename(newer.folder, `${newer.folder}.old`);
    expect((await findAccount(state, directory))?.folder).toBe(old.folder);
  });

  test.each([
    ["not json", "data"],
    ["null", "data"],
    ["[]", "data"],
    ['{"schema":1,"url":5,"directory":"x"}', "data"],
    ['{"schema":2}', "config"],
  ])("a record of %s is %s, with the path", async (text, kind) => {
    const { folder } = await makeAccountKey(state, directory);
    await writeFile(join(folder, "account.json"), text);
    await expect(findAccount(state, directory)).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(join(folder, "account.json")),
    });
  });

  test("a damaged key is not replaced and not shown", async () => {
    const { folder } = await makeAccountKey(state, directory);
    await writeFile(join(folder, "key.pem"), "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    const failure: unknown = await findAccount(state, directory).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: "data", message: expect.stringContaining(join(folder, "key.pem")) });
    expect(JSON.stringify(failure)).not.toContain("c2VjcmV0");
  });

  test("what cannot be read says so, with the path", async () => {
    await writeFile(join(state, "accounts"), "");
    await expect(findAccount(state, directory)).rejects.toMatchObject({
      kind: "cannot-create",
      message: expect.stringContaining(join(state, "accounts")),
    });
  });
});

describe("order store", () => {
  const identity = { names: ["b.example.org", "a.example.org"], spki: Buffer.from("key one") };

  test("an order is found for the same names, key and profile only", async () => {
    const store = createOrderStore(state);
    await store.remember(identity, placed("https://ca/order/1"));
    const left = placed("https://ca/order/1");
    expect(await store.recall(identity, now)).toEqual(left);
    expect(await store.recall({ ...identity, names: [...identity.names].reverse() }, now)).toEqual(left);
    expect(await store.recall({ ...identity, names: ["a.example.org"] }, now)).toBeUndefined();
    expect(await store.recall({ ...identity, spki: Buffer.from("key two") }, now)).toBeUndefined();
    expect(await store.recall({ ...identity, profile: "shortlived" }, now)).toBeUndefined();
    await store.remember(identity, { ...left, exempt: true });
    expect(await store.recall(identity, now)).toEqual({ ...left, exempt: true });
  });

  test("of one that was placed under a clock that ran ahead nobody knows how old it is", async () => {
    const store = createOrderStore(state);
    const ahead = (ms: number): Date => new Date(now.getTime() + ms);
    await store.remember(identity, placed("https://ca/order/1", ahead(3_600_000 - 1)));
    expect(await store.recall(identity, now)).toBeDefined();
    await store.remember(identity, placed("https://ca/order/1", ahead(3_600_000)));
    expect(await store.recall(identity, now)).toBeUndefined();
  });

  test("orders that are too old are swept away when another one is placed", async () => {
    const store = createOrderStore(state);
    await store.remember(identity, placed("https://ca/order/1"));
    await store.remember({ ...identity, spki: Buffer.from("2") }, placed("https://ca/order/2"));
    expect(await readdir(join(state, "orders"))).toHaveLength(2);
    await store.remember(
      { ...identity, spki: Buffer.from("3") },
      placed("https://ca/order/3", new Date(now.getTime() + 8 * 86_400_000)),
    );
    expect(await readdir(join(state, "orders"))).toHaveLength(1);
  });

  test("it is gone when forgotten, too old, or unreadable", async () => {
    const store = createOrderStore(state);
    await store.remember(identity, placed("https://ca/order/1"));
    const recalled = await store.recall(identity, new Date(now.getTime() + 2 * 86_400_000 - 1));
    expect(recalled?.url).toBe("https://ca/order/1");
    expect(await store.recall(identity, new Date(now.getTime() + 2 * 86_400_000))).toBeUndefined();
    await store.remember(identity, placed("https://ca/order/2"));
    await store.forget(identity);
    await store.forget(identity);
    expect(await store.recall(identity, now)).toBeUndefined();
    await store.remember(identity, placed("https://ca/order/3"));
    const [file = ""] = await readdir(join(state, "orders"));
    expect(await mode(join(state, "orders", file))).toBe(0o600);
    await writeFile(join(state, "orders", file), "{");
    expect(await store.recall(identity, now)).toBeUndefined();
  });
});
