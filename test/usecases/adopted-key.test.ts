// --adopt-key and reuse_key: which key a generation gets, and that none is lost or stored twice.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256Hex } from "../../src/domain/fingerprint.ts";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import { generateKey } from "../../src/system/keys.ts";
import { hasKey, readAdoptedKey, refuseStrayKey } from "../../src/usecases/adopted-key.ts";
import { issue } from "../../src/usecases/issue.ts";
import { foreignCertificate } from "../domain/foreign-certificates.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
let dir = "";
beforeEach(() => {
  fake = fakeWorld();
  dir = mkdtempSync(join(tmpdir(), "mailcert-adopt-"));
});
afterEach(() => {
  fake.dispose();
  rmSync(dir, { recursive: true });
});

const silent = (): void => undefined;

const keyFile = async (privateKey?: string): Promise<string> => {
  const path = join(dir, "privkey.pem");
  writeFileSync(path, privateKey ?? (await generateKey("ecdsa")), { mode: 0o600 });
  return path;
};

const spkiOf = (): string | undefined => {
  const state = fake.world.store.read("mail.example.org");
  return state?.generations.at(-1)?.leaves.ecdsa?.spkiSha256;
};
const keysOf = () => fake.world.store.read("mail.example.org")?.keys.ecdsa;

test("the key of a file is certified, at once and at every renewal", async () => {
  const adopted = await readAdoptedKey(fake.world, await keyFile(), silent);
  await issue(fake.world, certificate(), { adopted });
  expect(spkiOf()).toBe(sha256Hex(publicKeyOf(adopted.privateKey)));
  expect(hasKey(fake.world.store.read("mail.example.org"), adopted)).toBe(true);
  await issue(fake.world, certificate());
  expect(spkiOf()).toBe(sha256Hex(publicKeyOf(adopted.privateKey)));
  // Adopted again, it is the same key: not a second copy.
  await issue(fake.world, certificate(), { adopted });
  expect(keysOf()).toEqual({ next: "0001", old: [] });
});

test("over a key of ours: that one is kept as an old one, and found again when it is adopted back", async () => {
  await issue(fake.world, certificate());
  const first = await fake.world.store.readKey("mail.example.org", "ecdsa", "0001");
  const before = spkiOf();
  await issue(fake.world, certificate(), { adopted: await readAdoptedKey(fake.world, await keyFile(), silent) });
  expect(spkiOf()).not.toBe(before);
  expect(keysOf()).toEqual({ next: "0002", old: ["0001"] });
  await issue(fake.world, certificate(), { adopted: await readAdoptedKey(fake.world, await keyFile(first), silent) });
  expect(spkiOf()).toBe(before);
});

test("a key that no slot takes, or none of this certificate", async () => {
  const { key } = await foreignCertificate({ subject: "/CN=x", extensions: [], newKey: ["ed25519"] });
  await expect(readAdoptedKey(fake.world, await keyFile(key), silent)).rejects.toMatchObject({ kind: "data" });
  const adopted = await readAdoptedKey(fake.world, await keyFile(await generateKey("rsa")), silent);
  expect(() => refuseStrayKey(certificate(), adopted)).toThrow(
    /a key of the kind rsa, and mail\.example\.org has ecdsa/,
  );
  expect(() => refuseStrayKey(certificate({ keys: ["ecdsa", "rsa"] }), adopted)).not.toThrow();
});

test("reuse_key: false makes a new key at each issue, reuse_key: true none", async () => {
  const spkis: (string | undefined)[] = [];
  for (const reuseKey of [true, true, false, false]) {
    await issue(fake.world, certificate({ reuseKey }));
    spkis.push(spkiOf());
  }
  expect(new Set(spkis).size).toBe(3);
  expect(spkis[0]).toBe(spkis[1]);
});
