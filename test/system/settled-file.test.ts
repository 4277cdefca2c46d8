// A file written as settled is older than the two seconds for which Postfix's programs wait before they believe a main.cf.
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeFileAtomic } from "../../src/system/files.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-settled-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("dates the file back, and each further one after the one before", async () => {
  const path = join(dir, "main.cf");
  writeFileSync(path, "one\n", { mode: 0o640 });
  utimesSync(path, 1, 1);
  await writeFileAtomic(path, "two\n", { mode: 0o644, keepMode: true, settled: true });
  const written = Date.now();
  const first = statSync(path);
  expect(readFileSync(path, "utf8")).toBe("two\n");
  expect(first.mode & 0o777).toBe(0o640);
  expect(Math.floor(first.mtimeMs / 1000)).toBeLessThan(Math.floor(written / 1000) - 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await writeFileAtomic(path, "three\n", { mode: 0o644, keepMode: true, settled: true });
  expect(statSync(path).mtimeMs).toBeGreaterThan(first.mtimeMs);
});

it("leaves the date alone otherwise", async () => {
  const path = join(dir, "file");
  const started = Date.now();
  await writeFileAtomic(path, "one\n", { mode: 0o644 });
  expect(statSync(path).mtimeMs).toBeGreaterThan(started - 1_000);
});
