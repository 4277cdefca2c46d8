// The files that mail servers judge client certificates by: OpenSSL with a list for each step of the chain, with and without an issuing CA, over a rotation; what is good now for Postfix; what a run that was killed leaves.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PrivateCas } from "../../src/issuers/private-cas.ts";
import { createPrivateCas } from "../../src/issuers/private-ca/cas.ts";
import { openStore } from "../../src/store/index.ts";
import { generateKey } from "../../src/system/keys.ts";
import { createRunProgram } from "../../src/system/run.ts";

vi.setConfig({ testTimeout: 120_000 });
let dir: string;
let cas: PrivateCas;
// Lists begin now for OpenSSL.
const now = new Date();
const later = (days: number): Date => new Date(now.getTime() + days * 86_400_000);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailcert-trust-"));
  const random = (size: number): Uint8Array => randomBytes(size);
  cas = createPrivateCas({ stateDir: dir, random, generateKey, uid: process.getuid?.() ?? 0 });
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const passphrase = async (): Promise<string> => "correct horse battery staple";
const client = async (at = now) => {
  const request = { name: "default", address: "alice@example.org", days: 825, now: at };
  return cas.issueClient({ ...request, privateKey: await generateKey("ecdsa") });
};

/** As Dovecot does with `ssl_require_crl`. */
const accepted = async (leaf: string, chain: readonly string[], at: Date): Promise<boolean> => {
  const [file, one, rest] = [cas.trustFile("default"), join(dir, "leaf.pem"), join(dir, "chain.pem")];
  await writeFile(one, leaf);
  await writeFile(rest, chain.join(""));
  const attime = String(Math.floor(at.getTime() / 1000) + 5);
  const args = ["verify", "-purpose", "sslclient", "-x509_strict", "-crl_check_all", "-attime", attime];
  try {
    execFileSync("openssl", [...args, "-CAfile", file, "-CRLfile", file, "-untrusted", rest, one], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
};

it.each([["the root signs"], ["an issuing CA signs"]])(
  "%s: each is accepted until it is revoked, before a rotation and after it",
  async (how) => {
    const issuing = how.startsWith("an") ? { issuing: { passphrase } } : {};
    await cas.init({ name: "default", names: ["mail.example.org"], now, ...issuing });
    expect(await cas.keepTrust("nobody", now)).toBeUndefined();
    const [first, lost] = [await client(), await client()];
    expect(await cas.keepTrust("default", now)).toMatchObject({ unread: true });
    await cas.trustIsRead("default");
    expect(await cas.keepTrust("default", now)).toMatchObject({ unread: false });
    for (const path of [cas.trustFile("default"), join(dir, "clients/default.map")])
      expect((await stat(path)).mode & 0o777).toBe(0o644);
    expect((await stat(join(dir, "clients"))).mode & 0o777).toBe(0o755);
    expect(await readFile(cas.trustFile("default"), "utf8")).not.toContain("KEY");
    expect([await accepted(first.leaf, first.chain, now), await accepted(lost.leaf, lost.chain, now)]).toEqual([
      true,
      true,
    ]);

    const found = await cas.find(lost.serial);
    if (!found) throw new Error("not found");
    await cas.revoke(found, "keyCompromise", now);
    expect([await accepted(first.leaf, first.chain, now), await accepted(lost.leaf, lost.chain, now)]).toEqual([
      true,
      false,
    ]);
    const good = (text: string): readonly string[] => text.split("\n").filter((line) => /^[0-9A-F:]{95} /.test(line));
    const map = good(await readFile(join(dir, "clients/default.map"), "utf8"));
    expect(map).toEqual([`${(first.sha256.toUpperCase().match(/../g) ?? []).join(":")} ${first.serial}`]);
    // Nobody has read it: the next run looks, whatever the dates of the lists say.
    expect(Date.parse((await readFile(join(dir, "ca/crl-due"), "utf8")).split("\n")[0] ?? "")).toBeLessThanOrEqual(
      now.getTime(),
    );
    await cas.trustIsRead("default");

    await cas.rotate({ name: "default", passphrase, now });
    await cas.keepTrust("default", now);
    const next = await client();
    expect(await accepted(first.leaf, first.chain, now)).toBe(true);
    expect(await accepted(lost.leaf, lost.chain, now)).toBe(false);
    expect(await accepted(next.leaf, next.chain, now)).toBe(true);

    // A list that is over locks everybody out; the timer has made the next long before.
    expect(await accepted(next.leaf, next.chain, later(31))).toBe(false);
    await cas.refreshCrls("default", later(16), false);
    expect(await accepted(next.leaf, next.chain, later(31))).toBe(true);
  },
);

it("a client's record that a power cut tore, in whichever byte, is passed over once others stand behind it", async () => {
  await cas.init({ name: "default", names: ["mail.example.org"], now });
  const issued = join(dir, "ca/default/issued.jsonl");
  const [kept, torn] = [await client(), await client()];
  const whole = await readFile(issued, "utf8");
  const last = whole.trimEnd().split("\n").at(-1) ?? "";
  for (const missing of [1, 2, 3, 20, last.length - 1]) {
    await writeFile(issued, whole.slice(0, -1 - missing));
    const next = await client();
    const { clients } = (await cas.show("default", now)) ?? {};
    expect(clients?.map(({ serial }) => serial)).toEqual([kept.serial, next.serial]);
    expect(await cas.find(torn.serial)).toBeUndefined();
    expect(await cas.keepTrust("default", now)).toBeDefined();
  }
  // What was changed in another way may be anything.
  await writeFile(issued, whole.replace('"at"', '"ta"'));
  await expect(cas.show("default", now)).rejects.toThrow("line 1 of");
});

it("a run looks when a client's certificate ends, and Postfix is not given its fingerprint any more", async () => {
  await cas.init({ name: "default", names: ["mail.example.org"], now });
  const request = { name: "default", address: "alice@example.org", days: 10, now };
  const { notAfter, serial } = await cas.issueClient({ ...request, privateKey: await generateKey("ecdsa") });
  await cas.keepTrust("default", now);
  await cas.trustIsRead("default");
  await cas.noteDue(now);
  const due = async (): Promise<number> =>
    Date.parse((await readFile(join(dir, "ca/crl-due"), "utf8")).split("\n")[0] ?? "");
  const map = (): Promise<string> => readFile(join(dir, "clients/default.map"), "utf8");
  expect(await due()).toBe(Date.parse(notAfter));
  expect(await map()).toContain(` ${serial}\n`);
  // Everybody on the host may read it.
  expect(await map()).not.toContain("alice");
  await cas.refreshCrls("default", later(11), false);
  expect(await map()).not.toContain(serial);
  expect(await due()).toBeLessThanOrEqual(later(11).getTime());
  await cas.trustIsRead("default");
  await cas.noteDue(later(11));
  expect(await due()).toBeGreaterThan(later(11).getTime());
});

it("files that were taken away are missed by the next run, one or both, until nobody wants them", async () => {
  const store = openStore({ dir, run: createRunProgram(process.env), pid: 1, now: () => now });
  await cas.init({ name: "default", names: ["mail.example.org"], now });
  const [file, map] = [cas.trustFile("default"), cas.trustMap("default")];
  expect([await cas.trustIsAsked("default"), await cas.trustIsBehind("default", now)]).toEqual([undefined, true]);
  expect(await cas.trustIsBehind("nobody", now)).toBeUndefined();
  await client();
  await cas.keepTrust("default", now);
  await cas.trustIsRead("default");
  await cas.noteDue(now);
  const good = await readFile(map, "utf8");
  expect([await cas.trustIsBehind("default", now), store.crlIsDue()]).toEqual([false, false]);
  for (const gone of [[map], [file], [file, map]]) {
    for (const path of gone) await rm(path);
    expect(await cas.trustIsAsked("default")).toBe(gone.length === 2 ? "gone" : "there");
    expect([await cas.trustIsBehind("default", now), store.crlIsDue()]).toEqual([true, true]);
    // A look at the lists does not forget what is missing.
    await cas.noteDue(now);
    expect(store.crlIsDue()).toBe(true);
    expect(await cas.keepTrust("default", now)).toMatchObject({ unread: true });
    expect(await readFile(map, "utf8")).toBe(good);
    await cas.trustIsRead("default");
    await cas.noteDue(now);
    expect([await cas.trustIsBehind("default", now), store.crlIsDue()]).toEqual([false, false]);
  }
  // Whoever edited it takes nobody in for long.
  await writeFile(map, `${good}00:11 somebody\n`);
  expect(await cas.trustIsBehind("default", now)).toBe(true);
  await cas.keepTrust("default", now);
  await cas.trustIsRead("default");
  for (const path of [file, map]) await rm(path);
  await cas.forgetTrust("default", now);
  expect([await cas.trustIsAsked("default"), store.crlIsDue()]).toEqual([undefined, false]);
});

it("a revocation reaches the map also where the lists beside it were taken away", async () => {
  await cas.init({ name: "default", names: ["mail.example.org"], now });
  const lost = await client();
  await cas.keepTrust("default", now);
  await rm(cas.trustFile("default"));
  const found = await cas.find(lost.serial);
  if (!found) throw new Error("not found");
  await cas.revoke(found, "keyCompromise", now);
  expect(await readFile(cas.trustMap("default"), "utf8")).not.toContain(lost.serial);
});
