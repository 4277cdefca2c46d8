// Files with a secret: read for their owner alone, and refused with what to do where others could.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSecretFile } from "../../src/system/secret-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-secret-"));
  path = join(folder, "ns.yaml");
  writeFileSync(path, "token: x\n", { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true }));

test("is read whole; none is undefined", async () => {
  expect(await readSecretFile(path)).toBe("token: x\n");
  expect(await readSecretFile(`${path}x`)).toBeUndefined();
  chmodSync(path, 0o400);
  expect(await readSecretFile(path)).toBe("token: x\n");
});

test.each([0o640, 0o604, 0o620, 0o602, 0o644])("is refused with mode %o", async (mode) => {
  chmodSync(path, mode);
  await expect(readSecretFile(path)).rejects.toMatchObject({
    kind: "config",
    message: `${path} holds a secret, and others than its owner may use it (mode 0${mode.toString(8)})`,
    hints: [`chmod 600 ${path}`, expect.any(String)],
  });
});

test("is a file, and no larger than a secret", async () => {
  mkdirSync(join(folder, "folder"));
  await expect(readSecretFile(join(folder, "folder"))).rejects.toThrow("is not a file");
  writeFileSync(path, "x".repeat(70_000), { mode: 0o600 });
  await expect(readSecretFile(path)).rejects.toThrow("larger than 65536 bytes");
});
