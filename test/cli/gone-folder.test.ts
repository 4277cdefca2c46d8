// A shell that stands in a folder that was deleted: whole paths go on to work, a relative one is refused in words.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = join(import.meta.dirname, "../../bin/mailcert.js");

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-gone-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const fromGone = (...args: readonly string[]) => {
  const line = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"';
  const { status, stdout, stderr } = spawnSync(
    "/bin/sh",
    ["-c", line, "sh", join(dir, "gone"), process.execPath, program, ...args],
    { encoding: "utf8", env: {} },
  );
  return { status, stdout, stderr };
};

test("whole paths", { timeout: 60_000 }, () => {
  expect(fromGone("--state", join(dir, "state"), "--config", join(dir, "m.yaml"), "status")).toMatchObject({
    status: 78,
    stderr: expect.stringContaining(join(dir, "m.yaml")) as string,
  });
  expect(fromGone("--version").status).toBe(0);
});

test("a relative path", { timeout: 60_000 }, () => {
  expect(fromGone("--state", "here", "status")).toEqual({
    status: 64,
    stdout: "",
    stderr:
      "mailcert: error: the folder that this shell stands in was deleted: there is no here in it\n" +
      "mailcert: hint: go into another one (cd /), or write the whole path\n",
  });
});
