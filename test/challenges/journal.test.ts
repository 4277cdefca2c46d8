// The journal of challenges: on disk before anything is published, read by the next run, entries forgotten one by one.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createChallengeJournal } from "../../src/challenges/journal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (value: string, type = "dns-01") => ({ type, what: { name: "n", value } });

test("what is noted is there for the next run, once, until it is forgotten", async () => {
  const journal = createChallengeJournal(folder);
  await Promise.all([
    journal.note(entry("a")),
    journal.note(entry("b")),
    journal.note(entry("a")),
    journal.note(entry("a", "http-01")),
  ]);
  const next = createChallengeJournal(folder);
  expect(await next.left("dns-01")).toEqual([entry("a").what, entry("b").what]);
  expect(statSync(join(folder, "challenges.json")).mode & 0o777).toBe(0o600);
  await Promise.all([next.forget(entry("a")), next.forget(entry("x"))]);
  expect(await next.left("dns-01")).toEqual([entry("b").what]);
  expect(await next.left("http-01")).toEqual([entry("a").what]);
});

test("a file that cannot be understood is no reason to stop", async () => {
  writeFileSync(join(folder, "challenges.json"), "{");
  const journal = createChallengeJournal(folder);
  expect(await journal.left("dns-01")).toEqual([]);
  await journal.note(entry("a"));
  expect(JSON.parse(readFileSync(join(folder, "challenges.json"), "utf8"))).toEqual([entry("a")]);
});
