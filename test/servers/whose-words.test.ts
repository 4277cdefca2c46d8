// Whose word a process is, as a kernel of our own tells it: user ids, the program's file, and files that the words name.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isConfiguration, isRoots, isRootsFile, userOf } from "../../src/servers/whose-words.ts";
import type { RunProgram } from "../../src/system/run.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-words-"));
  writeFileSync(join(dir, "haproxy"), "");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const at = (name: string): string => join(dir, name);
const kernel = () => ({ proc: at("proc"), fileOf: async () => at("haproxy") });
const process7 = (uids: string, exe: string): void => {
  rmSync(at("proc"), { recursive: true, force: true });
  mkdirSync(at("proc/7"), { recursive: true });
  writeFileSync(at("proc/7/status"), `Name:\thaproxy\nUid:\t${uids}\nGid:\t0\t0\t0\t0\n`);
  symlinkSync(exe, at("proc/7/exe"));
};

it("root's is what root started, and what is the very program: not a setuid program of somebody's, nor sudo by that name", async () => {
  const asks = async (uids: string, exe: string): Promise<boolean> => {
    process7(uids, exe);
    return isRoots("haproxy", 7, kernel());
  };
  writeFileSync(at("sudo"), "");
  chmodSync(at("sudo"), 0o4755);
  expect(await asks("0\t0\t0\t0", at("haproxy"))).toBe(true);
  expect(await asks("1000\t0\t0\t0", at("haproxy"))).toBe(false);
  expect(await asks("0\t0\t1000\t0", at("haproxy"))).toBe(false);
  expect(await asks("1000\t1000\t1000\t1000", at("haproxy"))).toBe(false);
  expect(await asks("0\t0\t0\t0", at("sudo"))).toBe(false);
  expect(await asks("0\t0\t0\t0", at("none"))).toBe(false);
  // A wrapper is first in PATH, or it was started from elsewhere: root's own program, which gives nobody root's ids. One that does is su.
  expect(await asks("0\t0\t0\t0", "/usr/bin/true")).toBe(true);
  expect(await asks("0\t0\t0\t0", "/usr/bin/su")).toBe(false);
  // A package brought a new file: what runs has none any more.
  writeFileSync(at("haproxy (deleted)"), "");
  expect(await asks("0\t0\t0\t0", at("haproxy (deleted)"))).toBe(true);
  expect(await asks("1000\t0\t0\t0", at("haproxy (deleted)"))).toBe(false);
  writeFileSync(at("other (deleted)"), "");
  expect(await asks("0\t0\t0\t0", at("other (deleted)"))).toBe(false);
  expect(await isRoots("haproxy", 8, kernel())).toBe(false);
  expect(await isRoots("haproxy", 7, { ...kernel(), fileOf: async () => undefined })).toBe(false);
});

it("a process is of one user where all of its ids are", async () => {
  process7("5\t5\t5\t5", at("haproxy"));
  expect(await userOf(7, kernel())).toBe(5);
  process7("5\t6\t5\t5", at("haproxy"));
  expect(await userOf(7, kernel())).toBeUndefined();
  expect(await userOf(8, kernel())).toBeUndefined();
});

it("a file of root's is one that is there, by its whole path, and not where others' words stand in files of root's", async () => {
  expect(await isRootsFile("/etc/passwd")).toBe(true);
  expect(await isRootsFile("/etc/none/there")).toBe(false);
  expect(await isRootsFile("etc/passwd")).toBe(false);
  for (const path of ["/proc/1/cmdline", "/proc/version", "/etc/../proc/version", "/sys/kernel/fscaps", at("haproxy")])
    expect(await isRootsFile(path)).toBe(false);
});

const sections = /^\s*(?:global|frontend)\b/;

it("a file that somebody else's words name is one that its process may read, and that begins as such a configuration", async () => {
  chmodSync(dir, 0o755);
  process7("5\t5\t5\t5", at("haproxy"));
  const file = (name: string, text: string, mode: number): string => {
    writeFileSync(at(name), text);
    chmodSync(at(name), mode);
    return at(name);
  };
  const asks = async (path: string, opens: boolean, home?: string) => {
    const ran: string[] = [];
    const run: RunProgram = async (program, args) => {
      ran.push([program, ...args].join(" "));
      return { status: opens ? 0 : 1, stdout: "", stderr: "" };
    };
    const named = { path, pid: 7, begins: sections, ...(home === undefined ? {} : { home }) };
    return { is: await isConfiguration(run, named, kernel()), ran };
  };
  expect(await asks(file("open.cfg", "# x\n\n.if defined(X)\n  global\n", 0o644), false)).toEqual({
    is: true,
    ran: [],
  });
  expect((await asks(file("passwd", "root:x:0:0\n", 0o644), false)).is).toBe(false);
  const secret = file("secret.cfg", "global\n", 0o600);
  expect((await asks(secret, false)).is).toBe(false);
  // The kernel is asked, as whom the process is: its own ids, and no group that it does not have.
  const asked = await asks(secret, true);
  expect(asked.is).toBe(true);
  expect(asked.ran[0]).toContain("setpriv --reuid=5 --regid=0 --clear-groups head");
  expect((await asks(file("token", "SECRET-TOKEN\n", 0o600), true)).is).toBe(false);
  // Where root keeps such files, and nothing else, root's own rights are enough; what they begin with counts all the same.
  expect((await asks(secret, false, dir)).is).toBe(true);
  expect((await asks(at("token"), false, dir)).is).toBe(false);
  expect((await asks(at("none"), true)).is).toBe(false);
});
