// Whether a process list has mailcert's own loop in it.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ownLoopRuns } from "../../src/system/own-loop.ts";

const own = process.getuid?.() ?? 0;
/** Real, effective, saved and of files. */
const status = (...uids: readonly number[]): string =>
  `Name:\tnode\nPid:\t17\nUid:\t${uids.join("\t")}\nGid:\t0\t0\t0\t0\n`;

it.each([
  [["node", "/usr/local/bin/mailcert", "renew", "--every", "1h"], true],
  [["/usr/bin/node", "/usr/local/lib/mailcert/bin/mailcert.js", "-q", "renew", "--every=30m"], true],
  [["mailcert", "renew", "--every", "1h"], true],
  [["/root/mailcert-1.0.0-linux-x64", "renew", "--every", "1h"], true],
  [["./mailcert-1.2.0-rc.1-linux-x64", "renew", "--every=1h"], true],
  [["/opt/mailcert-exporter", "renew", "--every", "1h"], false],
  [["node", "/usr/local/bin/mailcert", "renew"], false],
  [["grep", "mailcert renew --every"], false],
  [["watch", "renew", "--every", "1h"], false],
])("%j: %s", async (words, runs) => {
  const proc = mkdtempSync(join(tmpdir(), "mailcert-proc-"));
  try {
    mkdirSync(join(proc, "17"));
    mkdirSync(join(proc, "sys"));
    writeFileSync(join(proc, "17", "cmdline"), `${words.join("\0")}\0`);
    writeFileSync(join(proc, "17", "status"), status(own, own, own, own));
    expect(await ownLoopRuns(proc, own, proc)).toBe(runs);
    expect(await ownLoopRuns(proc, own, join(proc, "none"))).toBe(false);
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
    writeFileSync(join(proc, "17", "status"), status(own, own, own, own));
    symlinkSync(root, join(proc, "17", "root"));
    expect(await ownLoopRuns(proc, own, proc)).toBe(runs);
  } finally {
    rmSync(proc, { recursive: true });
  }
});

it.each([
  [[own, own, own, own], true],
  [[0, 0, 0, 0], true],
  [[64_000, 64_000, 64_000, 64_000], false],
  // A setuid program, whose words whoever starts it chooses.
  [[64_000, 0, 0, 0], false],
  [[], false],
])("a loop of the users %j: %s", async (uids, runs) => {
  const proc = mkdtempSync(join(tmpdir(), "mailcert-proc-"));
  try {
    mkdirSync(join(proc, "17"));
    writeFileSync(join(proc, "17", "cmdline"), ["mailcert", "renew", "--every", "1h", ""].join("\0"));
    writeFileSync(join(proc, "17", "status"), uids.length === 0 ? "" : status(...uids));
    expect(await ownLoopRuns(proc, own, proc)).toBe(runs);
  } finally {
    rmSync(proc, { recursive: true });
  }
});
