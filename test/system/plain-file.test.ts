// Files that people name: plain ones of a bounded size; nothing else is waited for.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readPlainFile } from "../../src/system/plain-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-plain-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const limits = { mostBytes: 10, what: "a test" };

it("reads it, with the facts of the very file", async () => {
  const path = join(folder, "small");
  writeFileSync(path, "ten bytes!", { mode: 0o640 });
  const { content, facts } = await readPlainFile(path, limits);
  expect([content.toString(), facts.mode & 0o777]).toEqual(["ten bytes!", 0o640]);
});

it.each<readonly [string, string, () => void]>([
  ["one that is too large", "is too large to be a test", () => writeFileSync(join(folder, "it"), "eleven byte")],
  ["a folder", "is no file", () => execFileSync("mkdir", [join(folder, "it")])],
  ["a pipe that nobody writes to", "is no file", () => execFileSync("sh", ["-c", `mkfifo ${join(folder, "it")}`])],
  ["a device", "is no file", () => execFileSync("ln", ["-s", "/dev/zero", join(folder, "it")])],
  ["nothing", "no such file", () => undefined],
])("%s is refused at once", async (_what, words, make) => {
  rmSync(join(folder, "it"), { recursive: true, force: true });
  make();
  await expect(readPlainFile(join(folder, "it"), limits)).rejects.toThrow(words);
});
