// What an upgrade of Dovecot asks for, found without doveconf: our files in new words, still known as ours.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { isStamped, stamped } from "../../src/domain/stamp.ts";
import { createDovecotUpgrade } from "../../src/servers/dovecot/upgrade.ts";
import type { RunProgram } from "../../src/system/run.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-upgrade-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const saying =
  (stdout: string, status = 0): RunProgram =>
  async () => ({ status, stdout, stderr: "" });
const put = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const old = "# Written by mailcert for x.\nssl_cert = </a\nssl_key = </b\n";
const words = "# Written by mailcert for x.\nssl_server_cert_file = /a\nssl_server_key_file = /b\n";

it("a stamped file gets a stamp of its own, one without stays without, one that is somebody's stays as it is", async () => {
  const paths = [
    put("1", stamped(old)),
    put("2", old),
    put("3", "ssl_cert = </a\n"),
    put("4", stamped(words)),
    join(dir, "gone"),
  ];
  const found = await createDovecotUpgrade(saying("2.4.1-4 (7d8c0e5759)\n")).outgrown(paths);
  expect(found).toEqual({
    version: "2.4.1",
    changes: [
      { kind: "file", path: paths[0], content: stamped(words), mode: 0o644, before: stamped(old), shared: true },
      { kind: "file", path: paths[1], content: words, mode: 0o644, before: old },
    ],
  });
  expect(isStamped(stamped(words))).toBe(true);
});

it("half unpacked nobody can tell; not installed there is nothing to do; an unknown generation is a failure", async () => {
  const path = put("1", old);
  expect(await createDovecotUpgrade(saying("", 127)).outgrown([path])).toBe("unready");
  expect(await createDovecotUpgrade(saying("error\n")).outgrown([path])).toBe("unready");
  const none: RunProgram = async () => {
    throw new Failure("unavailable", "dovecot is not installed", { facts: { code: "ENOENT" } });
  };
  expect(await createDovecotUpgrade(none).outgrown([path])).toEqual({ changes: [] });
  await expect(createDovecotUpgrade(saying("2.5.0\n")).outgrown([path])).rejects.toMatchObject({ kind: "config" });
});
