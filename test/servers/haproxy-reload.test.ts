// When a HAProxy that can only be restarted is: not for what it makes itself whenever it starts.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isStale } from "../../src/servers/haproxy/reload.ts";

let dir: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-haproxy-"));
});
afterEach(() => {
  child?.kill("SIGKILL");
  child = undefined;
  rmSync(dir, { recursive: true, force: true });
});

it("what it has not read yet is a certificate, a list, the configuration: not the socket and the files that it makes when it starts", async () => {
  const at = (name: string): string => join(dir, name);
  mkdirSync(at("certs"));
  for (const name of ["a.pem", "certs/b.pem"]) writeFileSync(at(name), "");
  writeFileSync(at("l.crt-list"), `${at("a.pem")} *\n`);
  writeFileSync(
    at("h.cfg"),
    `global\n stats socket ${at("admin.sock")}\n pidfile ${at("pid")}\n log /dev/log local0\nfrontend x\n bind :993 ssl crt-list ${at("l.crt-list")} crt ${at("certs")}\n bind ${at("s.sock")}\n acl a path /\n`,
  );
  // Longer than the margin of the comparison; more is as good.
  await after(300);
  child = spawn("sleep", ["600"]);
  await once(child, "spawn");
  const haproxy = { version: "3.0", names: ["-f", at("h.cfg")], pid: child.pid, ofRoot: true, noted: false };
  const pid = child.pid ?? 0;
  const sockets = await Promise.all(
    ["admin.sock", "s.sock"].map(async (name) => {
      const server = createServer();
      await once(server.listen(at(name)), "listening");
      return server;
    }),
  );
  writeFileSync(at("pid"), String(pid));
  try {
    expect(await isStale(haproxy, pid)).toBe(false);
    writeFileSync(at("certs/b.pem"), "new");
    expect(await isStale(haproxy, pid)).toBe(true);
  } finally {
    for (const server of sockets) server.close();
  }
});
