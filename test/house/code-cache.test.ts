// The compiled code that the build keeps beside dist/ is taken by this Node, and what is damaged or another's is passed over.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-code-cache-"));
  for (const part of ["bin", "dist"]) cpSync(join(root, part), join(dir, part), { recursive: true });
  for (const part of ["package.json", "templates"]) symlinkSync(join(root, part), join(dir, part));
});
afterEach(() => rmSync(dir, { recursive: true }));

const caches = (): readonly string[] =>
  readdirSync(join(dir, "dist"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js.cache"))
    .map((file) => join(dir, "dist", file));

/** Help of a command in a process of its own, and which of the files that it compiled came from kept code. */
const help = (...flags: readonly string[]) => {
  const told = `process.once("exit", () => require("node:fs").writeSync(3, JSON.stringify(require("${dir}/bin/load.js").compiled().map(({ kept }) => kept))))`;
  writeFileSync(join(dir, "watch.cjs"), told);
  const { status, stdout, stderr, output } = spawnSync(
    process.execPath,
    [...flags, "--require", `${dir}/watch.cjs`, join(dir, "bin/mailcert.js"), "renew", "--help"],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] },
    },
  );
  return { status, stdout, stderr, kept: JSON.parse(output[3] ?? "") as readonly boolean[] };
};

const helpText = expect.stringContaining("Usage: mailcert renew") as string;

test("what the timer's run loads has its code kept, and this Node takes it", () => {
  expect(caches().some((file) => /\/renew-[^/]+$/.test(file))).toBe(true);
  const { kept, ...said } = help();
  expect(said).toEqual({ status: 0, stdout: helpText, stderr: "" });
  expect(kept.length).toBeGreaterThan(2);
  expect(kept).not.toContain(false);
});

const changed = (data: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(data);
  change(copy);
  return copy;
};

/** With the digest that it needs, so that V8 itself is asked. */
const digested = (
  code: Buffer,
  data: Buffer,
  binary: { size: number; mtimeMs: number } = statSync(process.execPath),
): Buffer => {
  const hash = createHash("sha256").update(`${process.version} ${process.arch} ${binary.size} ${binary.mtimeMs}\n`);
  return Buffer.concat([hash.update(code).update(data).digest(), data]);
};

/** The version's hash of V8 is its second word. */
const ofAnotherV8 = (data: Buffer, code: Buffer): Buffer =>
  digested(
    code,
    changed(data.subarray(32), (copy) => copy.writeUInt32LE((copy.readUInt32LE(4) ^ 0xffff) >>> 0, 4)),
  );

const ofAnotherBuild = (data: Buffer, code: Buffer): Buffer => {
  const { size, mtimeMs } = statSync(process.execPath);
  return digested(code, data.subarray(32), { size: size + 8, mtimeMs });
};

test("the digest is the one that is looked for", () => {
  for (const file of caches()) {
    const data = readFileSync(file);
    expect(digested(readFileSync(file.slice(0, -".cache".length)), data.subarray(32)).equals(data)).toBe(true);
  }
});

test.each([
  ["cut off", (data: Buffer) => data.subarray(0, data.length / 2)],
  ["empty", () => Buffer.alloc(0)],
  [
    "damaged",
    (data: Buffer) => changed(data, (copy) => copy.writeUInt8((copy.at(-100) ?? 0) ^ 0xff, copy.length - 100)),
  ],
  ["another V8's", ofAnotherV8],
  ["of another build of this Node", ofAnotherBuild],
])("kept code that is %s is compiled anew", (_what, harm) => {
  for (const file of caches()) {
    writeFileSync(file, harm(readFileSync(file), readFileSync(file.slice(0, -".cache".length))));
  }
  const { kept, ...said } = help();
  expect(said).toEqual({ status: 0, stdout: helpText, stderr: "" });
  expect(kept.length).toBeGreaterThan(2);
  expect(kept).not.toContain(true);
});

test("a file that was changed since is compiled anew, were it as long as before", () => {
  for (const file of caches()) {
    const path = file.slice(0, -".cache".length);
    const code = readFileSync(path, "utf8");
    writeFileSync(path, code.replaceAll("--every 1h", "--every 9h"));
  }
  expect(help().stdout).toContain("renew --every 9h");
});

test("without any kept code, and with source maps asked for, it runs as well", () => {
  const withMaps = help("--enable-source-maps");
  expect(withMaps).toEqual({ status: 0, stdout: helpText, stderr: "", kept: [] });
  for (const file of caches()) rmSync(file);
  expect(help()).toMatchObject({ status: 0, stdout: helpText, stderr: "" });
});
