// Whether dpkg is done with a server's packages.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { packagesSettled } from "../../src/system/packages.ts";
import type { RunProgram } from "../../src/system/run.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-packages-"));
  writeFileSync(join(dir, "lock"), "");
});
afterEach(() => rmSync(dir, { recursive: true }));

const asked: string[][] = [];
const saying =
  (...states: readonly string[]): RunProgram =>
  async (program, args) => {
    asked.push([program, ...args]);
    return { status: 0, stdout: states.map((state) => `${state}\n`).join(""), stderr: "" };
  };

const paths = (held: boolean) => {
  const { ino } = statSync(join(dir, "lock"));
  const other = `2: FLOCK  ADVISORY  WRITE 812 00:19:${ino + 1} 0 EOF\n`;
  writeFileSync(join(dir, "locks"), held ? `${other}1: POSIX  ADVISORY  WRITE 4711 fe:00:${ino} 0 EOF\n` : other);
  return { locks: [join(dir, "missing"), join(dir, "lock")], kernelLocks: join(dir, "locks") };
};

it.each([
  ["all configured, whoever works on others", true, ["installed", "not-installed", "config-files"], true],
  ["one is unpacked and dpkg is at work", true, ["installed", "unpacked"], false],
  ["triggers are pending", true, ["triggers-pending"], false],
  ["one is half configured and nobody is at work: an upgrade that failed", false, ["half-configured"], true],
  ["none is known", true, [], true],
])("%s", async (_title, held, states, settled) => {
  expect(await packagesSettled(saying(...states), "dovecot-*", paths(held))).toBe(settled);
  expect(asked.at(-1)).toEqual(["dpkg-query", "--show", "--showformat=${db:Status-Status}\\n", "dovecot-*"]);
});

it("without dpkg there is nothing to wait for", async () => {
  const run: RunProgram = async () => {
    throw new Failure("unavailable", "dpkg-query is not installed", { facts: { code: "ENOENT" } });
  };
  expect(await packagesSettled(run, "dovecot-*", paths(true))).toBe(true);
});
