// Runs over several certificates, late bundles, and clocks that are set right meanwhile.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundles } from "../../src/bundles/index.ts";
import { type ProfileSigning, signProfile } from "../../src/bundles/sign-profile.ts";
import { deployDocument, deployOutcome, deployText } from "../../src/reports/deploy.ts";
import { bundleRender, createBundleFolder } from "../../src/system/bundle-folder.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { readSigningFile } from "../../src/system/signing-file.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { deployAll } from "../../src/usecases/deploy-all.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { findServers } from "../../src/usecases/entries.ts";
import { issue } from "../../src/usecases/issue.ts";
import { renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { runMain } from "../docs/run-main.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

let fake: FakeWorld;
let dir = "";
beforeEach(() => {
  fake = fakeWorld();
  dir = mkdtempSync(join(tmpdir(), "mailcert-several-"));
});
afterEach(() => {
  fake.dispose();
  rmSync(dir, { recursive: true, force: true });
});

describe("deploy over several certificates", () => {
  const broken = certificate({ name: "broken.example.org", names: ["broken.example.org"], servers: ["constructor"] });

  it("one that fails: the others are deployed, and all is told", async () => {
    await issue(fake.world, certificate());
    const attempts = await deployAll(fake.world, [broken, certificate()], options);
    expect(attempts.map(({ certificate: name, deployed }) => [name, deployed?.outcome])).toEqual([
      ["broken.example.org", undefined],
      ["mail.example.org", "verified"],
    ]);
    expect(deployOutcome(attempts)).toBe("fault");
    const text = deployText(attempts, fake.clock.now);
    expect(text).toContain("broken.example.org: FAILED: ");
    expect(text).toContain("\n  -> ");
    expect(text).toContain("mail.example.org: served and proven");
    expect(deployDocument(attempts)).toMatchObject({
      schema: "mailcert.deploy/1",
      ok: false,
      certificates: [
        { certificate: "broken.example.org", error: { kind: "data" } },
        { certificate: "mail.example.org", outcome: "verified" },
      ],
    });
  });

  it("a bug in one is told as one; a stop ends the rest as a later", async () => {
    await issue(fake.world, certificate());
    const other = certificate({ name: "a.example.org", names: ["a.example.org"] });
    const store = {
      ...fake.world.store,
      read: (name: string) => (name === "a.example.org" ? boom() : fake.world.store.read(name)),
    };
    const boom = (): never => {
      throw new TypeError("boom");
    };
    const attempts = await deployAll({ ...fake.world, store }, [other, certificate()], options);
    expect(attempts[0]?.failure?.message).toContain("this is a bug in mailcert: TypeError: boom");
    expect(attempts[1]?.deployed?.outcome).toBe("verified");
    const stopped = await deployAll({ ...fake.world, signal: AbortSignal.abort() }, [other, certificate()], options);
    expect(deployOutcome(stopped)).toBe("waiting");
  });

  it("one alone fails with its own status", async () => {
    await expect(deployAll(fake.world, [broken], options)).rejects.toMatchObject({ kind: "data" });
    await expect(findServers(fake.world, broken)).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining('unknown server "constructor"'),
    });
  });
});

describe("a bundle that could not be written after a deployment", () => {
  const withBundle = (): { readonly world: World; readonly out: string; readonly loads: () => number } => {
    let loads = 0;
    const render = bundleRender(createTemplates(fileURLToPath(new URL("../../templates", import.meta.url))));
    const deps = {
      formats: bundles,
      render,
      folder: createBundleFolder(1000, createRunProgram(process.env)),
      publicRoots: async () => [],
      readCertificates: async () => [],
      registrable: async (host: string) => host,
      random: (count: number) => new Uint8Array(count),
      readSigningFile,
      signProfile: async (what: ProfileSigning) => signProfile(what),
    };
    const load = async () => {
      loads += 1;
      return deps;
    };
    return { world: { ...fake.world, bundles: load }, out: join(dir, "out"), loads: () => loads };
  };

  it("is a fault, and is made up for by the next run that has nothing else to do", async () => {
    const { world, out } = withBundle();
    const one = certificate({ bundle: out });
    writeFileSync(out, "in the way");
    const first = await renew(world, [one], options);
    expect(first.outcome).toBe("fault");
    // No failed issuance or deployment: no hook and no waiting time follows.
    const late = { check: "bundle-late", severity: "fault", message: expect.stringContaining(out) };
    expect(first.certificates[0]).toMatchObject({ deployed: { outcome: "verified" }, findings: [late] });
    expect(first.certificates[0]?.failure).toBeUndefined();
    const second = await renew(world, [one], options);
    expect(second.outcome).toBe("fault");
    expect(second.certificates[0]).toMatchObject({ decision: { action: "nothing" }, findings: [late] });
    expect(second.certificates[0]?.failure).toBeUndefined();
    rmSync(out);
    expect((await renew(world, [one], options)).outcome).toBe("done");
    expect(readFileSync(join(out, "server.crt"), "utf8")).toBe(fake.server.served);
    // From now on it is left alone.
    const list = statSync(join(out, ".mailcert-bundle.json")).ino;
    rmSync(join(out, "server.crt"));
    expect((await renew(world, [one], options)).outcome).toBe("done");
    expect(statSync(join(out, ".mailcert-bundle.json")).ino).toBe(list);
  });

  it("a new leaf, deployed without its bundle", async () => {
    const { world, out } = withBundle();
    const one = certificate({ bundle: out });
    await renew(world, [one], options);
    await issue(world, one);
    await deploy(world, one, options);
    await renew(world, [one], options);
    expect(readFileSync(join(out, "server.crt"), "utf8")).toBe(fake.server.served);
  });

  it("comes after what is due", async () => {
    const { world, out } = withBundle();
    await renew(world, [certificate()], options);
    const due = certificate({ name: "b.example.org", names: ["b.example.org"] });
    const seen: unknown[] = [];
    const bundlesOf = async () => {
      seen.push(world.store.read(due.name)?.generations.length);
      return world.bundles();
    };
    await renew({ ...world, bundles: bundlesOf }, [certificate({ bundle: out }), due], options);
    expect(seen[0]).toBe(1);
    expect(statSync(out).isDirectory()).toBe(true);
  });

  it("costs nothing where no folder is named, and nothing in a dry run", async () => {
    const { world, out, loads } = withBundle();
    await renew(world, [certificate()], options);
    await renew(world, [certificate()], options);
    await renew(world, [certificate({ bundle: out })], { ...options, dryRun: true });
    expect(loads()).toBe(0);
  });

  it("a list of somebody else's making: names that lead out of the folder are never touched", async () => {
    const { world, out } = withBundle();
    const one = certificate({ bundle: out });
    mkdirSync(out);
    writeFileSync(join(dir, "precious"), "x");
    // SHA-256 of "x".
    const hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    const names = ["../precious", join(dir, "precious"), ".hidden", "sub/file", "..", "own"];
    mkdirSync(join(out, "sub"));
    for (const name of [".hidden", "sub/file", "own"]) writeFileSync(join(out, name), "x");
    const files = { ...Object.fromEntries(names.map((name) => [name, [hash]])), odd: "text" };
    writeFileSync(
      join(out, ".mailcert-bundle.json"),
      JSON.stringify({ schema: "mailcert.bundle-folder/1", files, leaf: 7 }),
    );
    expect((await renew(world, [one], options)).outcome).toBe("done");
    for (const kept of [join(dir, "precious"), join(out, ".hidden"), join(out, "sub/file")])
      expect(readFileSync(kept, "utf8")).toBe("x");
    expect(() => statSync(join(out, "own"))).toThrow("ENOENT");
    expect(readFileSync(join(out, ".mailcert-bundle.json"), "utf8")).not.toMatch(/precious|hidden|sub|odd/);
  });
});

describe("the date is set right while a proof waits", () => {
  it.each([86_400_000, -86_400_000])("by %d ms: the proof takes as long as ever", async (jump) => {
    await issue(fake.world, certificate());
    await deploy(fake.world, certificate(), options);
    await issue(fake.world, certificate(), { newKey: true });
    fake.server.deaf = true;
    const { sleep, elapsed } = fake.world;
    const before = elapsed();
    let jumped = false;
    const world: World = {
      ...fake.world,
      sleep: async (ms, signal) => {
        await sleep(ms, signal);
        if (!jumped) fake.clock.now = new Date(fake.clock.now.getTime() + jump);
        jumped = true;
      },
    };
    expect((await deploy(world, certificate(), options)).entries[0]?.verdict).toBe("stale");
    expect(elapsed() - before).toBeGreaterThanOrEqual(30_000);
    expect(elapsed() - before).toBeLessThan(40_000);
  });
});

it("--url into the folder that is kept up to date would be undone by the next run: it is refused", async () => {
  mkdirSync(join(dir, "etc"));
  const kept = join(dir, "files");
  writeFileSync(
    join(dir, "etc/mailcert.yaml"),
    `certificates:\n  mail.example.org:\n    issuer: private-ca\n    servers: none\n    bundle: ${kept}\n`,
  );
  expect((await runMain(dir, "renew")).status).toBe(0);
  const url = ["--url", "https://www.example.org/mail/"];
  const refused = { status: 64, stderr: expect.stringContaining("bundle_url: https://www.example.org/mail/") };
  expect(await runMain(dir, "bundle", ...url)).toMatchObject(refused);
  expect(await runMain(dir, "bundle", "--out", kept, ...url)).toMatchObject(refused);
  expect((await runMain(dir, "bundle", "--out", join(dir, "other"), ...url)).status).toBe(0);
  expect((await runMain(dir, "bundle")).status).toBe(0);
});

it("a configuration that was named and is missing is a mistake, unless setup is to make it", async () => {
  mkdirSync(join(dir, "etc"));
  for (const line of [
    ["renew", "setup"],
    ["deploy", "setup"],
    ["bundle", "setup"],
  ])
    expect(await runMain(dir, ...line)).toMatchObject({
      status: 78,
      stderr: expect.stringContaining("no configuration file"),
    });
  const made = await runMain(dir, "setup", "mail.example.org", "--server", "none", "--schedule", "none", "--dry-run");
  expect(made.status).toBe(0);
});
