// Whether a file is still the one that it was, by what can be seen of it from outside.
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fileMark } from "../../src/system/file-mark.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-mark-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("changes when a file comes, is written, replaced, or gets another mode", async () => {
  const path = join(dir, "hmac");
  const marks = [await fileMark(path)];
  writeFileSync(path, "a", { mode: 0o644 });
  marks.push(await fileMark(path));
  chmodSync(path, 0o600);
  marks.push(await fileMark(path));
  writeFileSync(path, "abc");
  marks.push(await fileMark(path));
  writeFileSync(join(dir, "new"), "xyz", { mode: 0o600 });
  renameSync(join(dir, "new"), path);
  marks.push(await fileMark(path));
  expect(new Set(marks).size).toBe(marks.length);
  expect(await fileMark(path)).toBe(marks.at(-1));
});

it("of a folder it stays, whatever is written into it", async () => {
  const before = await fileMark(dir);
  mkdirSync(join(dir, ".well-known"));
  expect(await fileMark(dir)).toBe(before);
});
