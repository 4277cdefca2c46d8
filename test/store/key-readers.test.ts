// Who may read the keys of a certificate: a group gets both files that hold one and nothing else, and loses them again.
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import type { Store } from "../../src/store/store.ts";
import { fakeRun } from "../servers/fake-run.ts";

const name = "mail.example.org";
const slot = { privateKey: "KEY", leaf: "LEAF", chain: [] };
let dir: string;
let store: Store;
/** A group that every user may give files to: their own. */
const mine = (): number => process.getgid?.() ?? 0;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-readers-"));
  const answers = {
    "getent group Debian-exim": `Debian-exim:x:${mine()}:\n`,
    "getent group nobody-has-it": { status: 2 },
  };
  store = openStore({ dir, run: fakeRun(answers).run, pid: 1, now: () => new Date(0) });
  await store.addKey(name, "ecdsa", "KEY");
  await store.stage(name, { ecdsa: slot, rsa: slot }, 0);
  await store.stage(name, { ecdsa: slot }, 0);
});
afterEach(() => rmSync(dir, { recursive: true }));

const modes = (): readonly string[] =>
  readdirSync(join(dir, "certificates"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".pem") && (statSync(join(dir, "certificates", file)).mode & 0o040) !== 0)
    .filter((file) => /privkey|combined|keys\//.test(file))
    .map((file) => file.slice(name.length + 1))
    .toSorted();

describe("letRead", () => {
  it("opens the keys of every generation to one group and closes them again, others never read", async () => {
    expect(modes()).toEqual([]);
    expect(await store.letRead(name, "Debian-exim")).toBe(true);
    const generations = ["generations/0001/ecdsa", "generations/0001/rsa", "generations/0002/ecdsa"];
    expect(modes()).toEqual(generations.flatMap((folder) => [`${folder}/combined.pem`, `${folder}/privkey.pem`]));
    const key = statSync(join(dir, "certificates", name, "generations/0001/rsa/privkey.pem"));
    expect([key.mode & 0o777, key.gid]).toEqual([0o640, mine()]);
    expect(await store.letRead(name, "Debian-exim")).toBe(false);
    expect(await store.letRead(name, undefined)).toBe(true);
    expect(modes()).toEqual([]);
    expect(await store.letRead(name, undefined)).toBe(false);
  });

  it("a group that does not exist opens nothing", async () => {
    await expect(store.letRead(name, "nobody-has-it")).rejects.toMatchObject({ kind: "config" });
    expect(modes()).toEqual([]);
  });

  it("a link in the place of a key is not followed", async () => {
    const path = join(dir, "certificates", name, "generations/0002/ecdsa/privkey.pem");
    rmSync(path);
    symlinkSync("/etc/passwd", path);
    await expect(store.letRead(name, "Debian-exim")).rejects.toThrow("change the readers of");
  });

  it("a certificate without generations has nothing to open", async () => {
    expect(await store.letRead("other.example.org", "Debian-exim")).toBe(false);
  });
});
