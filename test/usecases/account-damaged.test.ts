// An account folder that cannot be read: shown with what is wrong, an end for its own CA, and no trouble of another's.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Accounts } from "../../src/issuers/accounts.ts";
import { makeAccountKey, saveRecord } from "../../src/issuers/acme/account-store.ts";
import { createAccounts } from "../../src/issuers/acme/accounts.ts";
import { accountsDocument, accountsText } from "../../src/reports/account.ts";
import { rollOverAccount } from "../../src/usecases/account.ts";
import { type AccountWish, type ShownAccount, showAccounts } from "../../src/usecases/account-show.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeWorld, fakeWorld } from "../fakes/world.ts";

const [good, bad] = ["https://good.example/directory", "https://bad.example:14000/dir"];

let fake: FakeWorld;
let world: World;
let damaged = "";
const store = async (directory: string): Promise<string> => {
  const { folder } = await makeAccountKey(fake.world.store.dir, directory);
  const createdAt = "2026-01-01T00:00:00.000Z";
  await saveRecord(folder, { schema: 1, url: `${directory}/acct/1`, directory, createdAt });
  return folder;
};
beforeEach(async () => {
  fake = fakeWorld();
  const accounts: Accounts = createAccounts({
    stateDir: fake.world.store.dir,
    now: fake.world.now,
    elapsed: () => 0,
    userAgent: "test",
  });
  world = { ...fake.world, accounts: async () => accounts };
  await store(good);
  damaged = await store(bad);
});
afterEach(() => fake.dispose());

const wish = (acme?: string): AccountWish => ({
  dryRun: true,
  flags: {
    issuer: undefined,
    acme,
    caFile: undefined,
    email: undefined,
    agreeTos: undefined,
    eabKid: undefined,
    eabHmacFile: undefined,
  },
});
const show = (acme?: string): Promise<readonly ShownAccount[]> => showAccounts(world, wish(acme), false);

describe.each([
  ["account.json", "{", "account.json cannot be read: it is no account record"],
  ["key.pem", "no key", "cannot be read as a private key"],
])("a damaged %s", (name, content, why) => {
  beforeEach(() => writeFile(join(damaged, name), content));

  it("is shown with its trouble beside the others, and alone where its CA is asked for", async () => {
    const all = await show();
    expect(all).toMatchObject([
      { folder: damaged, inUse: false, trouble: { message: expect.stringContaining(why) } },
      { inUse: true, registered: { directory: good } },
    ]);
    expect(accountsDocument(all)).toMatchObject({ ok: false });
    expect(complaints(accountsDocument(all))).toEqual([]);
    expect(accountsText(all)).toContain("cannot be used, and nothing is ordered at this CA");
    expect(accountsText(all)).toContain(`FAILED: `);
    expect(await show(bad)).toMatchObject([{ folder: damaged }]);
    expect(accountsDocument(await show(good))).toMatchObject({ ok: true });
  });

  it("ends what is asked of its own CA, and nothing else", async () => {
    expect(await rollOverAccount(world, wish(good))).toMatchObject({ outcome: "planned", directory: good });
    await expect(rollOverAccount(world, wish(bad))).rejects.toMatchObject({
      kind: "data",
      message: expect.stringContaining(why),
    });
  });
});
