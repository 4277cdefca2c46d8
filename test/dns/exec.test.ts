// The updater that starts a program of the admin's own: a real script, with its state in a file.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createExec } from "../../src/dns/updaters/exec.ts";
import type { DnsUpdater, UpdaterSettings } from "../../src/dns/updaters/updater.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { refuseUnsafeProgram } from "../../src/system/safe-program.ts";
import { apiDeps, failureOf, signal, usualRecord } from "../contract/api-updater.ts";
import { updaterContract } from "../contract/updater.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-exec-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As ours, with a program that can be run; the environment has a secret that must not get there. */
const deps = { ...apiDeps(), run: createRunProgram({ PATH: process.env["PATH"], CF_API_TOKEN: "hunter2" }) };
const script = (text: string, name = "hook"): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
};
const shell = (text: string): string => script(`#!/bin/sh\n${text}\n`);
const open = (settings: UpdaterSettings): DnsUpdater => createExec(settings, deps);
const failed = (command: string, more: UpdaterSettings = {}) =>
  failureOf(() => open({ command, ...more }).add(usualRecord, signal));

/** Keeps `name value` lines: takes the line out, and for "add" puts it in. */
const keeper = (state: string): string =>
  [
    "#!/usr/bin/env node",
    'const { existsSync, readFileSync, writeFileSync } = require("node:fs");',
    'const { schema, action, name, value, zone } = JSON.parse(readFileSync(0, "utf8"));',
    'if (schema !== "mailcert.dns-hook/1" || !name.endsWith(zone)) process.exit(1);',
    `const state = ${JSON.stringify(state)};`,
    'const lines = existsSync(state) ? readFileSync(state, "utf8").split("\\n").filter(Boolean) : [];',
    "const others = lines.filter((line) => line !== `${name} ${value}`);",
    'writeFileSync(state, [...others, ...(action === "add" ? [`${name} ${value}`] : [])].join("\\n"));',
  ].join("\n");

updaterContract("exec", async () => {
  const state = join(folder, "zone.txt");
  return {
    updater: open({ command: script(keeper(state)) }),
    values: async (name) =>
      existsSync(state)
        ? readFileSync(state, "utf8")
            .split("\n")
            .filter((line) => line.startsWith(`${name} `))
            .map((line) => line.slice(name.length + 1))
        : [],
    close: async () => undefined,
  };
});

describe("exec", () => {
  it("gives one JSON document on standard input, no argument, and none of the environment", async () => {
    const command = shell(`cat > ${folder}/input; echo "$#" > ${folder}/count; env > ${folder}/env`);
    await open({ command }).remove(usualRecord, signal);
    expect(JSON.parse(readFileSync(join(folder, "input"), "utf8"))).toEqual({
      schema: "mailcert.dns-hook/1",
      action: "remove",
      name: usualRecord.name,
      value: usualRecord.value,
      zone: "example.org",
    });
    expect(readFileSync(join(folder, "count"), "utf8")).toBe("0\n");
    expect(readFileSync(join(folder, "env"), "utf8")).not.toContain("hunter2");
  });

  it("a program that reads nothing may end well", async () => {
    await open({ command: shell("exit 0") }).add(usualRecord, signal);
  });

  it("says with which status it ended, and what it said last", async () => {
    const failure = await failed(
      shell("for i in 1 2 3 4 5; do echo line $i >&2; done; printf '\\033[31mred\\n\\n' >&2; exit 3"),
    );
    expect(failure).toMatchObject({
      kind: "unavailable",
      facts: { code: "EXIT_3", action: "add", name: usualRecord.name },
    });
    expect(failure.message).toContain("ended with status 3");
    expect(failure.message).toMatch(/: line 4 \| line 5 \| \[31mred$/);
    expect((await failed(shell("exit 1"))).message).toContain("it said nothing on stderr");
    const long = await failed(shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1"));
    expect(long.message.length).toBeLessThan(500);
  });

  it("75 means later", async () => {
    const failure = await failed(shell("echo the API is being repaired >&2; exit 75"));
    expect(failure).toMatchObject({ kind: "try-later", facts: { retryAt: "2026-11-20T12:10:00.000Z" } });
    expect(failure.message).toContain("the API is being repaired");
  });

  it("is stopped after its time, with all that it started", async () => {
    // `sleep` keeps the pipe open for as long as it lives.
    const failure = await failed(shell(`sleep 600 & echo $! > ${folder}/pid; wait`), { timeout: "3" });
    expect(failure).toMatchObject({ kind: "unavailable" });
    expect(failure.message).toContain("did not end within 3 s");
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    expect(pid).toBeGreaterThan(0);
    const alive = (): boolean => {
      try {
        return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
      } catch {
        // It may go at any moment, between two looks as well.
        return false;
      }
    };
    while (alive()) await sleep(10);
  });

  it("is ended where the run is stopped", async () => {
    const stop = new AbortController();
    const command = shell(`touch ${folder}/begun; sleep 600`);
    const done = open({ command }).add(usualRecord, stop.signal);
    const ended = expect(done).rejects.toThrow("stopped");
    while (!existsSync(join(folder, "begun"))) await sleep(10);
    stop.abort(new Error("stopped"));
    await ended;
  });

  it("settings and programs that cannot be right are refused before anything is started", async () => {
    const of = async (settings: UpdaterSettings): Promise<string> => {
      const failure = await failureOf(() => open(settings));
      expect(failure.kind).toBe("config");
      return failure.message;
    };
    expect(await of({})).toContain("command must be the absolute path");
    expect(await of({ command: "hook" })).toContain("command must be the absolute path");
    expect(await of({ command: "/a", timeout: "never" })).toContain("timeout");
    expect(await of({ command: "/a", timeout: "601" })).toContain("timeout");
    expect(await failed(join(folder, "none"))).toMatchObject({ kind: "config", facts: { path: join(folder, "none") } });
    expect((await failed(folder)).message).toContain("is not a file");
    const plain = shell("exit 0");
    chmodSync(plain, 0o644);
    expect((await failed(plain)).hints).toEqual([`chmod 755 ${plain}`]);
    const lost = await failed(script("#!/nonexistent/interpreter\n"));
    expect(lost.hints.join()).toContain("#!/bin/sh");
  });
});

describe("a program that root is to run", () => {
  it("must be changeable by root alone, on the whole way", async () => {
    const path = shell("exit 0");
    const isRoot = process.getuid?.() === 0;
    const asRoot = () => failureOf(() => refuseUnsafeProgram(path, 0));
    // Without root, every file here is somebody else's to change.
    if (isRoot) await refuseUnsafeProgram(path, 0);
    else expect((await asRoot()).message).toContain("can change");
    for (const mode of [0o775, 0o757]) {
      chmodSync(path, mode);
      const failure = await asRoot();
      expect(failure.kind).toBe("config");
      expect(failure.message).toContain(`root does not run ${path}`);
      // Anybody else runs what is theirs.
      await refuseUnsafeProgram(path, 1000);
    }
    chmodSync(path, 0o755);
    mkdirSync(join(folder, "open"));
    chmodSync(join(folder, "open"), 0o777);
    symlinkSync(path, join(folder, "open/link"));
    const failure = await failureOf(() => refuseUnsafeProgram(join(folder, "open/link"), 0));
    expect(failure.message).toContain("can change");
    expect(failure.hints.join()).toContain("/usr/local/sbin");
  });
});
