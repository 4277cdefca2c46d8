// The packages as others judge them: lintian, a second build elsewhere that must give the same bytes, checksums, and what the SBOM lists.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startMailHost } from "../lab/mail-host.ts";
import { checkout, makePackages } from "./built-packages.ts";

const run = promisify(execFile);
let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailcert-judged-"));
  await makePackages(join(dir, "one"), []);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Component {
  readonly name: string;
  readonly version: string;
  readonly components?: readonly Component[];
}

const sbom = async (ending: string): Promise<readonly Component[]> => {
  const file = (await readdir(join(dir, "one"))).find((one) => one.endsWith(`${ending}.cdx.json`));
  const text = await readFile(join(dir, "one", file ?? "missing"), "utf8");
  return (JSON.parse(text) as { components: readonly Component[] }).components;
};

it("built again in another folder, at another time, with another umask and zone, every file has the same bytes", async () => {
  const copy = join(dir, "elsewhere/checkout");
  const { stdout } = await run("git", ["-C", checkout, "log", "-1", "--format=%ct"]);
  for (const part of (await readdir(checkout)).filter(
    (entry) => entry !== ".git" && entry !== "node_modules" && entry !== "dist",
  ))
    await cp(join(checkout, part), join(copy, part), { recursive: true });
  // Hard links, for nothing is written there; a copy where the folder of temporary files is another file system.
  const modules = [join(checkout, "node_modules"), join(copy, "node_modules")];
  await run("cp", ["-al", ...modules]).catch(async () => {
    await rm(join(copy, "node_modules"), { recursive: true, force: true });
    await run("cp", ["-a", ...modules]);
  });
  const env = { ...process.env, TZ: "Asia/Tokyo", LC_ALL: "C", SOURCE_DATE_EPOCH: stdout.trim() };
  await run("sh", ["-c", "umask 077; exec node bin/build.js"], { cwd: copy, env, timeout: 280_000 });
  await makePackages(join(dir, "two"), [], { from: copy, env });
  await run("diff", ["-r", join(dir, "one"), join(dir, "two")]);
  const { stdout: checked } = await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: join(dir, "two") });
  expect(checked).toMatch(/^mailcert-\S+-linux-x64\.licences\.txt: OK$/m);
}, 580_000);

it("the bare file has the licences of all that is in it beside it", async () => {
  const file = (await readdir(join(dir, "one"))).find((one) => one.endsWith("-linux-x64.licences.txt"));
  const text = await readFile(join(dir, "one", file ?? "missing"), "utf8");
  const own = await readFile(join(checkout, "LICENSE"), "utf8");
  expect(text).toContain(own.trimEnd());
  for (const part of ["\ncommander ", "Mozilla Public License", "The Node inside: node 24.", "OpenSSL", "- ICU"])
    expect(text).toContain(part);
});

it("the SBOM lists what is in the program, and Node with its parts where it is carried", async () => {
  const own = await sbom("_all.deb");
  const { dependencies } = JSON.parse(await readFile(join(checkout, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const [name, version] of Object.entries(dependencies))
    expect(own).toContainEqual(expect.objectContaining({ name, version }));
  expect(own.map(({ name }) => name)).not.toContain("esbuild");
  // A stub takes its place in the bundle.
  expect(own.map(({ name }) => name)).not.toContain("axios");
  for (const ending of ["_amd64.deb", "-linux-x64"]) {
    const carried = await sbom(ending);
    expect(carried.slice(0, own.length)).toEqual(own);
    const [node] = carried.slice(own.length);
    expect(node).toMatchObject({ name: "node", version: expect.stringMatching(/^24\./) as string });
    expect(node?.components?.map(({ name }) => name)).toEqual(expect.arrayContaining(["openssl", "zlib", "uv", "v8"]));
  }
});

it("lintian has no complaint, pedantic, but for what overrides give a reason for", async () => {
  const host = await startMailHost({ suite: "trixie", lintian: true });
  try {
    await cp(join(dir, "one"), `/proc/${host.pid}/root/srv/packages`, { recursive: true });
    // The test's packages alone are not compressed; the manual page comes with its folder.
    const apart = ["uses-no-compression-for-control-tarball", "uses-no-compression-for-data-tarball"];
    if (!existsSync(join(checkout, "docs/man"))) apart.push("no-manual-page");
    const { status, stdout, stderr } = await host.exec(
      `cd /srv/packages && lintian --allow-root --display-info --pedantic --suppress-tags ${apart.join(",")} *.deb`,
      { timeoutMs: 560_000 },
    );
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  } finally {
    await host.stop();
  }
}, 580_000);

it.each([
  [[], "where do the packages go?"],
  [["--out", "/nowhere", "--only", "rpm"], "--only rpm is not known"],
  [["--out", "/nowhere", "--release", "first"], "first is no version"],
  [["--out", "/nowhere", "--nothing"], "--nothing"],
])("what cannot be made is said in a sentence: %j", async (args, said) => {
  const ended = await run(process.execPath, ["bin/package/index.js", ...args], { cwd: checkout }).catch(
    (error: unknown) => error,
  );
  expect(ended).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/^package: error: [^\n]*\n(?:package: hint: [^\n]*\n)?$/) as string,
  });
  expect((ended as { stderr: string }).stderr).toContain(said);
});
