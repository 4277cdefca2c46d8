// The budget of a CA on disk: what a name is counted under, what is refused, and that the file never costs a certificate.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Budget } from "../../../src/domain/budget.ts";
import { limitsOfAll } from "../../../src/domain/ca-limits.ts";
import { caFolder } from "../../../src/domain/ca-folder.ts";
import { type Spending, openSpending } from "../../../src/issuers/acme/budget-store.ts";

const directory = "https://ca.example/directory";
const limits = limitsOfAll(directory);
const clock = { now: new Date("2026-11-20T12:00:00Z") };
const minute = 60_000;
let state = "";
let spending: Spending;
beforeEach(async () => {
  clock.now = new Date("2026-11-20T12:00:00Z");
  state = await mkdtemp(join(tmpdir(), "mailcert-budget-"));
  spending = openSpending(state, directory, limits, () => clock.now);
});
afterEach(() => rm(state, { recursive: true, force: true }));

const path = (): string => join(state, "accounts", caFolder(directory), "budget.json");
const kept = async (): Promise<Budget> => JSON.parse(await readFile(path(), "utf8")) as Budget;
const keys = async (kind: string): Promise<readonly string[]> =>
  Object.keys((await kept()).buckets)
    .filter((key) => key.startsWith(`${kind} `))
    .map((key) => key.slice(kind.length + 1));

test("a name is counted under its registrable domain, an address under itself or its /64", async () => {
  await spending.issued(
    [
      "mail.example.org",
      "imap.example.org",
      "*.example.org",
      "mail.example.co.uk",
      "mail.me.dyndns.org",
      "mail.xn--mnchen-3ya.example",
      "a.b.xn--ciqpn.hk",
      "192.0.2.10",
      "192.0.2.11",
      "2001:db8::10",
      "2001:db8::ffff:1",
      "2001:db8:1:2:3:4:5:6",
      "::1",
    ],
    false,
  );
  expect((await keys("domain")).toSorted()).toEqual(
    [
      "example.org",
      "example.co.uk",
      "me.dyndns.org",
      "xn--mnchen-3ya.example",
      "b.xn--ciqpn.hk",
      "192.0.2.10",
      "192.0.2.11",
      "2001:db8:0:0::/64",
      "2001:db8:1:2::/64",
      "0:0:0:0::/64",
    ].toSorted(),
  );
});

test("the refusal names the limit and the time, as something to wait for", async () => {
  for (let count = 0; count < 5; count += 1) {
    await spending.refuse(["mail.example.org"], false);
    await spending.ordered(["mail.example.org"], false);
    await spending.issued(["mail.example.org"], false);
  }
  await expect(spending.refuse(["mail.example.org"], false)).rejects.toMatchObject({
    kind: "try-later",
    message:
      "no order was placed: this would exceed the CA's rate limit at https://ca.example/directory: certificates for the same names (5 in 7 days)",
    facts: { code: "BUDGET", retryAt: "2026-11-21T21:36:00.000Z" },
  });
  expect(await spending.exhausted(["mail.example.org"], false)).toMatchObject({
    what: expect.stringContaining("same"),
  });
  // What replaces by ARI is exempt, and other names are others.
  await spending.refuse(["mail.example.org"], true);
  await spending.refuse(["mail.example.org", "imap.example.org"], false);
  clock.now = new Date("2026-11-21T21:36:00Z");
  await spending.refuse(["mail.example.org"], false);
});

test("it is kept beside the accounts, for nobody else to read", async () => {
  await spending.failed(["mail.example.org"]);
  expect((await stat(path())).mode & 0o777).toBe(0o600);
  expect(await keys("failure")).toEqual(["mail.example.org"]);
});

test("a certificate of an order that an earlier run left is counted once", async () => {
  const placed = clock.now;
  clock.now = new Date(placed.getTime() + minute);
  await spending.issued(["mail.example.org"], false);
  clock.now = new Date(placed.getTime() + 10 * minute);
  const before = await kept();
  await spending.issued(["mail.example.org"], false, placed);
  expect(await kept()).toEqual(before);
  // One that was placed after the last certificate was not counted yet: the second slot's.
  await spending.issued(["mail.example.org"], false, new Date(placed.getTime() + 2 * minute));
  expect((await kept()).buckets).not.toEqual(before.buckets);
});

test("a CA of which nothing is known is asked without a count", async () => {
  const unknown = openSpending(state, directory, undefined, () => clock.now);
  await unknown.ordered(["mail.example.org"], false);
  await unknown.issued(["mail.example.org"], false);
  for (let count = 0; count < 10; count += 1) await unknown.failed(["mail.example.org"]);
  await unknown.refuse(["mail.example.org"], false);
  expect(await unknown.exhausted(["mail.example.org"], false)).toBeUndefined();
  await expect(stat(join(state, "accounts"))).rejects.toThrow("ENOENT");
});

describe("a file that only saves requests costs none", () => {
  test.each([
    ["half a file", '{"schema":1,"buck'],
    ["one from the future", JSON.stringify({ schema: 9 })],
    [
      "debts",
      JSON.stringify({ schema: 1, buckets: { orders: { tokens: -1e9, at: "2026-11-20T12:00:00Z" } }, issued: {} }),
    ],
    [
      "dates of a clock that ran years ahead",
      JSON.stringify({ schema: 1, buckets: { orders: { tokens: 0, at: "2036-11-20T12:00:00Z" } }, issued: {} }),
    ],
  ])("%s", async (_what, text) => {
    await mkdir(join(state, "accounts", caFolder(directory)), { recursive: true });
    await writeFile(path(), text);
    await spending.refuse(["mail.example.org"], false);
    await spending.ordered(["mail.example.org"], false);
    expect(Object.keys((await kept()).buckets)).toEqual(["orders"]);
  });

  test("one that can be neither read nor written", async () => {
    await mkdir(path(), { recursive: true });
    await spending.refuse(["mail.example.org"], false);
    await spending.ordered(["mail.example.org"], false);
    await spending.issued(["mail.example.org"], false);
    await spending.failed(["mail.example.org"]);
    expect((await stat(path())).isDirectory()).toBe(true);
  });
});
