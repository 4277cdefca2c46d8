// Files that are replaced whole: links, owners, and edits of others that come in between.
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeFileAtomic } from "../../src/system/files.ts";
import { writeReport } from "../../src/system/report-file.ts";

let dir = "";
const at = (name: string): string => join(dir, name);
const text = (name: string): string => readFileSync(at(name), "utf8");
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-files-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("a report", () => {
  test("a new file, and in the place of an old one: readable by all, whatever the old one was", async () => {
    await writeReport(at("report"), "one\n");
    chmodSync(at("report"), 0o4600);
    if (process.getuid?.() === 0) chownSync(at("report"), 12_345, 12_345);
    await writeReport(at("report"), "two\n");
    expect(text("report")).toBe("two\n");
    expect(statSync(at("report"))).toMatchObject({ uid: process.getuid?.() });
    expect(statSync(at("report")).mode & 0o7777).toBe(0o644);
  });

  test("a link is not followed, be it to a file or to nothing", async () => {
    writeFileSync(at("victim"), "secret", { mode: 0o600 });
    symlinkSync(at("victim"), at("report"));
    symlinkSync(at("nothing"), at("dangling"));
    for (const name of ["report", "dangling"])
      await expect(writeReport(at(name), "x")).rejects.toMatchObject({
        kind: "cannot-create",
        message: `${at(name)} is a symbolic link: no report is written there`,
      });
    expect(text("victim")).toBe("secret");
    expect(readdirSync(dir).sort()).toEqual(["dangling", "report", "victim"]);
  });

  test("nothing takes a device's place", async () => {
    await expect(writeReport("/dev/null", "x")).rejects.toMatchObject({
      message: expect.stringContaining("no plain file"),
    });
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("mode and owner that are kept", () => {
  test("of the file behind a link; the link stays", async () => {
    writeFileSync(at("main.cf"), "a");
    chmodSync(at("main.cf"), 0o640);
    // Only root can give a file away.
    const [uid, gid] = process.getuid?.() === 0 ? [12_345, 54_321] : [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    chownSync(at("main.cf"), uid, gid);
    symlinkSync("main.cf", at("link"));
    await writeFileAtomic(at("link"), "b", { mode: 0o644, keepMode: true, follow: true });
    expect(readlinkSync(at("link"))).toBe("main.cf");
    expect(statSync(at("main.cf"))).toMatchObject({ uid, gid });
    expect(statSync(at("main.cf")).mode & 0o7777).toBe(0o640);
    expect(text("main.cf")).toBe("b");
  });

  test("not those of what a link leads to, when the link is replaced", async () => {
    writeFileSync(at("victim"), "secret", { mode: 0o600 });
    symlinkSync(at("victim"), at("file"));
    await writeFileAtomic(at("file"), "x", { mode: 0o644, keepMode: true });
    expect(lstatSync(at("file")).isFile()).toBe(true);
    expect(statSync(at("file")).mode & 0o777).toBe(0o644);
    expect(text("victim")).toBe("secret");
  });
});

test("beside it files that a killed run left go, and no folder: who owns the place could lead us elsewhere from there", async () => {
  writeFileSync(at(".mailcert-4194304-1.tmp"), "left");
  mkdirSync(at(".mailcert-4194304-2.tmp/below"), { recursive: true });
  await writeFileAtomic(at("file"), "x", { mode: 0o644, keepMode: true });
  expect(readdirSync(dir).toSorted()).toEqual([".mailcert-4194304-2.tmp", "file"]);
});

test("nobody can take the name of its temporary file beforehand", async () => {
  for (let number = 1; number <= 300; number += 1)
    writeFileSync(at(`.mailcert-${process.pid}-${number}.tmp`), "theirs");
  await writeFileAtomic(at("file"), "ours", { mode: 0o644 });
  expect(text("file")).toBe("ours");
  // What a killed run of ours leaves is still known by its name.
  writeFileSync(at(".mailcert-4194304-0123456789ab.tmp"), "left");
  await writeFileAtomic(at("file"), "ours", { mode: 0o644, keepMode: true });
  expect(readdirSync(dir)).not.toContain(".mailcert-4194304-0123456789ab.tmp");
});

describe("an edit whose base is gone", () => {
  const now = { kind: "try-later", hints: ["run the command again: it reads the file anew"] };

  test("another text, a file that came, a file that went", async () => {
    writeFileSync(at("main.cf"), "theirs\n");
    const write = (name: string, base: string | undefined) =>
      writeFileAtomic(at(name), "ours\n", { mode: 0o644, keepMode: true, follow: true, base: { text: base } });
    await expect(write("main.cf", "old\n")).rejects.toMatchObject({
      ...now,
      message: `${at("main.cf")} was changed by somebody else at this moment: nothing was edited`,
    });
    await expect(write("main.cf", undefined)).rejects.toMatchObject(now);
    await expect(write("gone", "old\n")).rejects.toMatchObject(now);
    expect(text("main.cf")).toBe("theirs\n");
    // No temporary file stays behind.
    expect(readdirSync(dir)).toEqual(["main.cf"]);
    await write("main.cf", "theirs\n");
    expect(text("main.cf")).toBe("ours\n");
  });
});
