// A CA that was lost whole and comes back from a backup: what was revoked after the backup stays revoked, for the list that mail servers judge by outlived it.
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readCrl, splitCrls } from "../../src/domain/crl.ts";
import { createPrivateCas } from "../../src/issuers/private-ca/cas.ts";
import type { PrivateCas } from "../../src/issuers/private-cas.ts";
import { generateKey } from "../../src/system/keys.ts";

// scrypt takes its time on purpose.
vi.setConfig({ testTimeout: 120_000 });
const now = new Date("2026-11-22T12:00:00.000Z");
const later = (days: number): Date => new Date(now.getTime() + days * 86_400_000);
const secret = "correct horse battery staple";
const uid = process.getuid?.() ?? 0;
let dir: string;
let cas: PrivateCas;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailcert-outlived-"));
  cas = createPrivateCas({ stateDir: dir, random: (size) => randomBytes(size), generateKey, uid });
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const folder = (): string => join(dir, "ca/default");
const backup = (): string => join(dir, "ca.backup");
const client = async (address: string, at = now) =>
  cas.issueClient({ name: "default", address, days: 825, now: at, privateKey: await generateKey("ecdsa") });
const revoke = async ({ serial }: { readonly serial: string }, at: Date): Promise<void> => {
  const found = await cas.find(serial);
  if (!found) throw new Error("not found");
  await cas.revoke(found, "keyCompromise", at);
};
const restore = async (at: Date, replace = false): Promise<void> =>
  void (await cas.restore(backup(), secret, { replace, dryRun: false, now: at }));
const isGood = async ({ sha256 }: { readonly sha256: string }): Promise<boolean> =>
  (await readFile(cas.trustMap("default"), "utf8")).includes((sha256.toUpperCase().match(/../g) ?? []).join(":"));
/** By each list that servers judge by. */
const listed = async (): Promise<readonly string[]> =>
  splitCrls(await readFile(cas.trustFile("default"), "utf8")).flatMap((pem) => readCrl(pem).serials);

it.each([
  ["the root signs", {}],
  ["an issuing CA signs", { issuing: { passphrase: async () => secret } }],
])("%s: a stolen device stays out, be its certificate older or younger than the backup", async (_how, issuing) => {
  await cas.init({ name: "default", names: ["mail.example.org"], now, ...issuing });
  const [kept, stolen, early] = [
    await client("a@example.org"),
    await client("b@example.org"),
    await client("c@example.org"),
  ];
  await cas.keepTrust("default", now);
  await revoke(early, now);
  await cas.backup("default", backup(), secret, now);
  const young = await client("d@example.org");
  await revoke(stolen, later(1));
  await revoke(young, later(1));
  await rm(folder(), { recursive: true });
  await restore(later(2));
  expect(await Promise.all([kept, stolen, early, young].map(isGood))).toEqual([true, false, false, false]);
  expect((await listed()).toSorted()).toEqual([early, stolen, young].map(({ serial }) => serial).toSorted());
  expect((await cas.find(stolen.serial))?.revoked).toEqual({ at: later(1).toISOString(), reason: "keyCompromise" });
  // Nothing is written down twice, and the next list has all of them.
  const records = await readFile(join(folder(), "revoked.jsonl"), "utf8");
  await restore(later(3), true);
  expect(await readFile(join(folder(), "revoked.jsonl"), "utf8")).toBe(records);
  await cas.refreshCrls("default", later(20), true);
  expect(await listed()).toHaveLength(3);
});

it("a list of another CA of that name, or one that was changed, is not believed", async () => {
  await cas.init({ name: "default", names: ["mail.example.org"], now });
  const kept = await client("a@example.org");
  await cas.keepTrust("default", now);
  await cas.backup("default", backup(), secret, now);
  await revoke(kept, later(1));
  const text = await readFile(cas.trustFile("default"), "utf8");
  const [list = ""] = splitCrls(text);
  const middle = Math.floor(list.length / 2);
  const other = list[middle] === "A" ? "B" : "A";
  const forged = text.replace(list, `${list.slice(0, middle)}${other}${list.slice(middle + 1)}`);
  await rename(folder(), join(dir, "away"));
  await cas.init({ name: "default", names: ["mail.example.org"], now: later(1) });
  const strange = await client("a@example.org", later(1));
  await cas.keepTrust("default", later(1));
  await revoke(strange, later(1));
  await rename(folder(), join(dir, "other"));
  await restore(later(2));
  expect([await isGood(kept), (await cas.find(kept.serial))?.revoked]).toEqual([true, undefined]);
  await rename(folder(), join(dir, "again"));
  await writeFile(cas.trustFile("default"), forged);
  await restore(later(3));
  expect([await isGood(kept), (await cas.find(kept.serial))?.revoked]).toEqual([true, undefined]);
});
