// A file of results that a later run goes on with: what is whole is kept, what is half is taken off, what is not ours is left alone.
import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openResultFile } from "../../src/system/result-file.ts";
import { createRunProgram } from "../../src/system/run.ts";

const run = createRunProgram(process.env);

let dir = "";
let path = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-results-"));
  path = join(dir, "out.ndjson");
});
afterEach(() => rmSync(dir, { recursive: true }));

const entry = (url: string): string => `{"schema":"mailcert.verify-entry/1","url":"${url}"}\n`;
const target = (name: string, ok = true, entries = 1): string =>
  `{"schema":"mailcert.verify-target/1","target":"${name}","ok":${ok},"entries":${entries}}\n`;
const summary = '{"schema":"mailcert.verify-summary/1","ok":true}\n';
const text = (): string => readFileSync(path, "utf8");

test("a new file, readable for everybody, lines in the order in which they were given", async () => {
  const file = await openResultFile(path, run);
  expect(file.remains).toEqual({ targets: new Map() });
  await Promise.all(Array.from({ length: 50 }, (_, n) => file.append(`${n} ${"ü".repeat(n)}\n`)));
  await file.close();
  expect(text()).toBe(Array.from({ length: 50 }, (_, n) => `${n} ${"ü".repeat(n)}\n`).join(""));
  expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask());
});

describe("what a stopped run left", () => {
  const whole = entry("a1") + entry("a2") + target("a", true, 2) + entry("b1") + target("b", false);
  test.each([
    ["nothing half", whole],
    ["entry points of a target that was not finished", whole + entry("c1")],
    ["half a line", `${whole}{"schema":"mailc`],
    ["half a target's line", whole + entry("c1") + target("c").slice(0, -5)],
  ])("%s", async (_, before) => {
    writeFileSync(path, before);
    const file = await openResultFile(path, run);
    expect(file.remains).toEqual({
      targets: new Map([
        ["a", { ok: true, entries: 2 }],
        ["b", { ok: false, entries: 1 }],
      ]),
    });
    await file.append(entry("c1") + target("c"));
    await file.close();
    expect(text()).toBe(whole + entry("c1") + target("c"));
  });
  test("any cut leaves the targets that are whole, however long the lines are", async () => {
    const long = [0, 1, 2, 3].map((n) => entry("x".repeat(30_000)) + target(String(n))).join("");
    for (let cut = 40; cut < long.length; cut += 9_973) {
      writeFileSync(path, long.slice(0, cut));
      const file = await openResultFile(path, run);
      await file.append("");
      await file.close();
      expect(long.startsWith(text())).toBe(true);
      expect(
        text()
          .split("\n")
          .filter((line) => line.includes("verify-target")),
      ).toHaveLength(file.remains.targets.size);
      expect(text() === "" || text().endsWith("}\n")).toBe(true);
    }
  });
  test("a run that came to its end is no start of another", async () => {
    writeFileSync(path, whole + summary);
    const file = await openResultFile(path, run);
    expect(file.remains.targets.size).toBe(0);
    // A run that dies before its first result leaves the report as it was.
    expect(text()).toBe(whole + summary);
    await file.append(entry("d1"));
    await file.close();
    expect(text()).toBe(entry("d1"));
  });
  test("when it began and what it was asked; begun anew, it goes with the first line", async () => {
    const head =
      '{"schema":"mailcert.verify-run/1","startedAt":"2026-11-21T10:00:00.000Z","asked":{"check":["cert-name"]}}\n';
    writeFileSync(path, head + whole);
    const file = await openResultFile(path, run);
    expect(file.remains.run).toEqual({
      startedAt: new Date("2026-11-21T10:00:00.000Z"),
      asked: '{"check":["cert-name"]}',
    });
    file.startAnew();
    expect(text()).toBe(head + whole);
    await file.append(entry("d1"));
    await file.close();
    expect(text()).toBe(entry("d1"));
  });
  test("one run at a time", async () => {
    const file = await openResultFile(path, run);
    await expect(openResultFile(path, run)).rejects.toMatchObject({ kind: "try-later" });
    await file.append(entry("a1"));
    await file.close();
    const next = await openResultFile(path, run);
    await next.close();
    expect(text()).toBe(entry("a1"));
  });
});

describe("what is not ours", () => {
  test.each([
    ["other text", "do not lose this\n"],
    ["other text without a line end", "do not lose this"],
    ["other JSON behind ours", `${entry("a")}${target("a")}{"schema":"else"}\n`],
    ["another of our documents", '{"schema":"mailcert.verify/1"}\n'],
  ])("%s is left as it is", async (_, before) => {
    writeFileSync(path, before);
    await expect(openResultFile(path, run)).rejects.toMatchObject({
      kind: "cannot-create",
      message: expect.stringContaining("holds something else"),
    });
    expect(text()).toBe(before);
  });
  test("a symbolic link, a folder, a place where nothing can be made", async () => {
    symlinkSync(join(dir, "elsewhere"), path);
    await expect(openResultFile(path, run)).rejects.toMatchObject({
      message: expect.stringContaining("a symbolic link"),
    });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    await expect(openResultFile(dir, run)).rejects.toMatchObject({ message: expect.stringContaining("no plain file") });
    await expect(openResultFile(join(dir, "no/such/folder"), run)).rejects.toMatchObject({ kind: "cannot-create" });
  });
});
