// Output that nobody takes (any more): the run goes on to its end. The real launcher and host, with a run of the test's own behind them.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-streams-"));
  for (const name of ["host.js", "load.js", "mailcert.js", "package.json"])
    cpSync(join(root, "bin", name), join(dir, "bin", name));
  writeFileSync(join(dir, "package.json"), '{ "version": "1.2.3" }');
  mkdirSync(join(dir, "dist"));
  // Says something on both streams before and after each step; what it did is seen in a file.
  writeFileSync(
    join(dir, "dist/main.js"),
    `module.exports.main = async (host) => {
      const before = host.elapsed();
      for (let step = 1; step <= 5; step += 1) {
        for (const stream of [host.stdout, host.stderr]) stream.write("step " + step + "\\n");
        require("node:fs").appendFileSync(host.cwd + "/done", String(step));
        await host.sleep(20);
      }
      if (!(host.elapsed() - before >= 95)) throw new Error("time stands still");
      return Number(host.argv[0] ?? 0);
    };`,
  );
});
afterEach(() => rmSync(dir, { recursive: true }));

type Pipe = "pipe" | number;

/** Runs it with the reading ends of all pipes closed after the first words. */
const run = (stdout: Pipe, stderr: Pipe, ...args: readonly string[]): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(dir, "bin/mailcert.js"), ...args], {
      cwd: dir,
      stdio: ["ignore", stdout, stderr],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.once("data", () => stream.destroy());
    child.once("error", reject);
    child.once("exit", resolve);
  });

const done = (): string => (existsSync(join(dir, "done")) ? readFileSync(join(dir, "done"), "utf8") : "");

test("both readers go away", async () => {
  expect(await run("pipe", "pipe")).toBe(0);
  expect(done()).toBe("12345");
});

test("its own status stays", async () => {
  expect(await run("pipe", "pipe", "75")).toBe(75);
});

test("a full disk under the report: to the end as well, with a status that tells", async () => {
  const full = openSync("/dev/full", "w");
  expect(await run(full, "pipe")).toBe(73);
  expect(done()).toBe("12345");
  expect(await run(full, full, "1")).toBe(1);
});
