// Whether a process list has mailcert's own loop in it.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ownLoopRuns } from "../../src/system/own-loop.ts";

it.each([
  [["node", "/usr/local/bin/mailcert", "renew", "--every", "1h"], true],
  [["/usr/bin/node", "/usr/local/lib/mailcert/bin/mailcert.js", "-q", "renew", "--every=30m"], true],
  [["mailcert", "renew", "--every", "1h"], true],
  [["node", "/usr/local/bin/mailcert", "renew"], false],
  [["grep", "mailcert renew --every"], false],
  [["watch", "renew", "--every", "1h"], false],
])("%j: %s", async (words, runs) => {
  const proc = mkdtempSync(join(tmpdir(), "mailcert-proc-"));
  try {
    mkdirSync(join(proc, "17"));
    mkdirSync(join(proc, "sys"));
    writeFileSync(join(proc, "17", "cmdline"), `${words.join("\0")}\0`);
    expect(await ownLoopRuns(proc)).toBe(runs);
    expect(await ownLoopRuns(join(proc, "none"))).toBe(false);
  } finally {
    rmSync(proc, { recursive: true });
  }
});

it.each([
  ["/", true],
  ["/usr", false],
])("a loop whose root is %s: %s", async (root, runs) => {
  const proc = mkdtempSync(join(tmpdir(), "mailcert-proc-"));
  try {
    mkdirSync(join(proc, "17"));
    writeFileSync(join(proc, "17", "cmdline"), ["mailcert", "renew", "--every", "1h", ""].join("\0"));
    symlinkSync(root, join(proc, "17", "root"));
    expect(await ownLoopRuns(proc)).toBe(runs);
  } finally {
    rmSync(proc, { recursive: true });
  }
});
