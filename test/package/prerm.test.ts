// Before the program's files are exchanged: whoever holds the lock of the state folder comes to its end first, also where no systemd runs it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

let root = "";
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "mailcert-prerm-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const upgrade = () => {
  const script = readFileSync(new URL("../../bin/package/debian/prerm", import.meta.url), "utf8");
  writeFileSync(join(root, "prerm"), script.replaceAll(/(?<=[\s="'])\/(?=etc\b|var\/|usr\/|run\/)/g, `${root}/`));
  return spawnSync("sh", [join(root, "prerm"), "upgrade", "1.1.0"], { encoding: "utf8", timeout: 15_000 });
};

it("an upgrade waits for a run that cron or a person started", async () => {
  const state = join(root, "var/lib/mailcert");
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, "lock"), "");
  const run = spawn("flock", [join(state, "lock"), "sh", "-c", `echo begun; sleep 1; echo done >'${state}/ended'`]);
  await once(run.stdout, "data");
  expect(upgrade()).toMatchObject({ status: 0, stderr: "" });
  expect(readFileSync(join(state, "ended"), "utf8")).toBe("done\n");
});

it("and makes nothing where nothing was ever run", () => {
  expect(upgrade()).toMatchObject({ status: 0, stderr: "" });
  expect(() => readFileSync(join(root, "var/lib/mailcert/lock"))).toThrow("ENOENT");
});
