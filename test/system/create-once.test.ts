// Files made once: the first one wins, and nothing is left behind.
import { chmod, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { appendLine, createFileOnce } from "../../src/system/create-once.ts";
import { removeLeftovers } from "../../src/system/leftovers.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-once-"));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);

test("the first content stays", async () => {
  expect(await createFileOnce(path("key"), "first", 0o600)).toBe(true);
  expect(await createFileOnce(path("key"), "second", 0o644)).toBe(false);
  expect(await readFile(path("key"), "utf8")).toBe("first");
  expect((await stat(path("key"))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["key"]);
});

test("of many at once exactly one wins", async () => {
  const wins = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => createFileOnce(path("key"), `${index}`, 0o600)),
  );
  expect(wins.filter(Boolean)).toHaveLength(1);
  expect(await readFile(path("key"), "utf8")).toBe(String(wins.indexOf(true)));
  expect(await readdir(folder)).toEqual(["key"]);
});

test("a folder that is not there is a Failure naming the path", async () => {
  const outcome: unknown = await createFileOnce(path("no/key"), "x", 0o600).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Failure);
  expect((outcome as Failure).message).toContain(path("no/key"));
});

test("leftovers of runs that are no more go, all else stays", async () => {
  for (const name of [
    ".mailcert-4194999-3.tmp",
    `.mailcert-${process.pid}-77.tmp`,
    ".mailcert-1-1.tmp",
    ".mailcert-x-1.tmp",
    "key",
  ]) {
    await writeFile(path(name), "");
  }
  await removeLeftovers(folder);
  expect((await readdir(folder)).toSorted()).toEqual(
    [".mailcert-1-1.tmp", `.mailcert-${process.pid}-77.tmp`, ".mailcert-x-1.tmp", "key"].toSorted(),
  );
});

test("lines are added whole, after a torn one too, never through a symbolic link", async () => {
  await appendLine(path("log"), "one");
  await appendLine(path("log"), "two");
  expect(await readFile(path("log"), "utf8")).toBe("one\ntwo\n");
  expect((await stat(path("log"))).mode & 0o777).toBe(0o600);
  await writeFile(path("log"), "one\ntw");
  await appendLine(path("log"), "three");
  expect(await readFile(path("log"), "utf8")).toBe("one\ntw\nthree\n");
  await symlink(path("log"), path("link"));
  await expect(appendLine(path("link"), "x")).rejects.toBeInstanceOf(Failure);
});
