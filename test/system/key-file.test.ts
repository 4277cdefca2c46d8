// Keys that somebody else keeps: every usual form, and what is said of files that hold none or show too much.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import { readKeyFile } from "../../src/system/key-file.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-key-file-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

const put = (text: string, mode = 0o600): string => {
  const path = join(dir, "key.pem");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

const refusal = async (path: string): Promise<Failure> => {
  const error: unknown = await readKeyFile(path).catch((reason: unknown) => reason);
  if (!(error instanceof Failure)) throw new Error("it was read");
  return error;
};

test.each([
  ["PKCS#8", rsa, { type: "pkcs8", format: "pem" }],
  ["PKCS#1", rsa, { type: "pkcs1", format: "pem" }],
  ["SEC 1", ec, { type: "sec1", format: "pem" }],
] as const)("%s, with other things before and after it", async (_kind, key, form) => {
  const pem = key.export(form as never) as unknown as string;
  const { privateKey, warnings } = await readKeyFile(put(`subject=x\n${pem}-----BEGIN CERTIFICATE-----\nAA==\n`));
  expect(privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(publicKeyOf(privateKey)).toEqual(createPublicKey(key).export({ type: "spki", format: "der" }));
  expect(warnings).toEqual([]);
});

test("one that others can read is taken, and said", async () => {
  const path = put(ec.export({ type: "pkcs8", format: "pem" }) as string, 0o640);
  expect((await readKeyFile(path)).warnings).toEqual([
    `${path} can be read by others than its owner (mode 0640): whoever read it can pose as your server; --new-key makes a fresh one`,
  ]);
});

test("what is none is refused, naming the file and nothing of its content", async () => {
  const cipher = { cipher: "aes-256-cbc", passphrase: "secret" };
  const locked = ec.export({ type: "pkcs8", format: "pem", ...cipher }) as string;
  const old = rsa.export({ type: "pkcs1", format: "pem", ...cipher }) as string;
  const pem = ec.export({ type: "pkcs8", format: "pem" }) as string;
  for (const [text, words] of [
    [locked, "protected by a passphrase"],
    [old, "protected by a passphrase"],
    [pem.replace(/[A-Za-z0-9+/]{8}\n-----END/, "\n-----END"), "cannot be read"],
    ["nothing", "holds no private key in PEM"],
    ["x".repeat(2 << 20), "is too large"],
  ] as const) {
    const failure = await refusal(put(text));
    expect(failure.kind).toBe("data");
    expect(failure.message).toContain(`${dir}/key.pem `);
    expect(failure.message).toContain(words);
    expect(JSON.stringify([failure.message, failure.hints, String(failure.cause)])).not.toContain(pem.split("\n")[1]);
  }
  mkdirSync(join(dir, "folder"));
  expect((await refusal(join(dir, "folder"))).message).toContain("folder is no file");
  expect((await refusal(join(dir, "none"))).message).toContain(join(dir, "none"));
});
