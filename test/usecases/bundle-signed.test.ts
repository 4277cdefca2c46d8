// Signed profiles of a bundle: by whom, when anew, and who is refused; in a real folder, with a real store.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundles } from "../../src/bundles/index.ts";
import { signProfile } from "../../src/bundles/sign-profile.ts";
import type { Slot } from "../../src/domain/keys.ts";
import { bundleDocument, bundleText } from "../../src/reports/bundle.ts";
import { bundleRender, createBundleFolder } from "../../src/system/bundle-folder.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { readSigningFile } from "../../src/system/signing-file.ts";
import { createTemplates } from "../../src/system/templates.ts";
import type { BundleDeps } from "../../src/usecases/bundle-tools.ts";
import { type BundleOptions, bundle, isBundleBehind } from "../../src/usecases/bundle.ts";
import { type Issued, issue, makePki } from "../fakes/pki.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let dir = "";
let fake: FakeWorld;
let signatures = 0;
const pki = await makePki();
const ecLeaf = await issue({ names: ["mail.example.org"], by: pki.root });
const rsaLeaf = await issue({ names: ["mail.example.org"], by: pki.root, key: "RSA-2048" });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-signed-"));
  fake = fakeWorld();
  fake.clock.now = new Date();
  signatures = 0;
});
afterEach(() => {
  fake.dispose();
  rmSync(dir, { recursive: true });
});

const deps: BundleDeps = {
  formats: bundles,
  render: bundleRender(createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)))),
  folder: createBundleFolder(1000, createRunProgram(process.env)),
  publicRoots: async () => [],
  readCertificates: async () => [],
  registrable: async (host) => host,
  random: (count) => new Uint8Array(count),
  readSigningFile,
  signProfile: async (what) => {
    signatures += 1;
    return signProfile(what);
  },
};

const one = certificate({ issuer: { kind: "private-ca", ca: "default", days: 397 } });
const { name } = one;

/** The next generation, live; `keyless`: somebody else keeps its key. */
const serve = async (leaves: Readonly<Partial<Record<Slot, Issued>>>, keyless = false): Promise<void> => {
  const { store } = fake.world;
  const slots = Object.fromEntries(
    Object.entries(leaves).map(([slot, { pem, privateKey }]) => [
      slot,
      { leaf: pem, chain: [pki.root.pem], privateKey },
    ]),
  );
  const before = store.read(name)?.generations ?? [];
  const number = await store.stage(name, slots, before.length);
  const records: Record<string, object> = {};
  for (const [slot, { sha256, privateKey }] of Object.entries(leaves)) {
    const key = await store.addKey(name, slot as Slot, privateKey);
    records[slot] = { sha256, spkiSha256: "", algorithm: slot, ...(keyless ? {} : { key }) };
  }
  const [at, ca] = ["2026-11-20T12:00:00.000Z", { issuer: "private-ca", authority: "default" } as const];
  const generation = { number, names: [name], ...ca, createdAt: at, notBefore: at, notAfter: at, leaves: records };
  await store.write({
    schema: "mailcert.state/1",
    name,
    keys: {},
    deployments: {},
    attempts: 0,
    target: number,
    generations: [...before, generation],
  });
  await store.switchLive(name, number);
};

const out = (): string => join(dir, "out");
const make = (over: Partial<BundleOptions> = {}, config = one) =>
  bundle(fake.world, deps, config, { dir: out(), dryRun: false, ...over });
const profile = (): Buffer => readFileSync(join(out(), "ca.mobileconfig"));
const signedBy = async (from: string) => {
  const result = await make({ signProfile: from });
  expect(profile()[0]).toBe(0x30);
  writeFileSync(join(dir, "root.pem"), pki.root.pem);
  const trusted = ["-CAfile", join(dir, "root.pem"), "-purpose", "any"];
  const files = ["-inform", "DER", "-in", join(out(), "ca.mobileconfig"), "-signer", join(dir, "signer")];
  const said = spawnSync("openssl", ["cms", "-verify", ...files, ...trusted]);
  expect(said.stderr.toString()).toContain("successful");
  return { result, content: said.stdout.toString(), signer: readFileSync(join(dir, "signer"), "utf8") };
};
const bare = (pem: string): string => pem.replaceAll(/\s/g, "");
const signingFile = (text: string, mode = 0o600): string => {
  writeFileSync(join(dir, "signer.pem"), text);
  chmodSync(join(dir, "signer.pem"), mode);
  return join(dir, "signer.pem");
};

describe("with the live certificate", () => {
  test("the RSA key where there are two; the report and the document say who; a second run signs nothing", async () => {
    await serve({ ecdsa: ecLeaf, rsa: rsaLeaf });
    await make();
    const plain = profile().toString();
    expect(plain).toContain("<plist");
    const { result, content, signer } = await signedBy("live");
    expect(content.replaceAll("\r\n", "\n")).toBe(plain);
    expect(bare(signer)).toBe(bare(rsaLeaf.pem));
    expect(result.signer).toMatchObject({ title: "mail.example.org", sha256: rsaLeaf.sha256 });
    const row = { path: "ca.mobileconfig", change: "written", signed: true };
    expect(JSON.parse(JSON.stringify(bundleDocument(result)))).toMatchObject({
      signer: { sha256: rsaLeaf.sha256, until: expect.stringMatching(/Z$/) },
      files: expect.arrayContaining([expect.objectContaining(row)]),
    });
    expect(bundleText(result)).toMatch(/ca\.mobileconfig +written +profile .*, signed by mail\.example\.org\n/);
    const before = profile();
    const again = await make({ signProfile: "live" });
    expect(again.files.every(({ change }) => change === "unchanged")).toBe(true);
    expect([signatures, profile().equals(before)]).toEqual([1, true]);
  });

  test("a new leaf signs again; without the wish the profile loses its signature", async () => {
    await serve({ ecdsa: ecLeaf });
    await signedBy("live");
    const next = await issue({ names: [name], by: pki.root });
    await serve({ ecdsa: next });
    expect(bare((await signedBy("live")).signer)).toBe(bare(next.pem));
    const plain = await make();
    expect(plain.signer).toBeUndefined();
    expect(bundleText(plain)).toMatch(/ca\.mobileconfig .*, not signed\n/);
    expect(plain.files).toContainEqual(
      expect.objectContaining({ path: "ca.mobileconfig", change: "written", signed: false }),
    );
    expect(profile().toString()).toContain("<plist");
  });

  test("a profile that somebody else put there, or that was changed since, is not replaced", async () => {
    await serve({ ecdsa: ecLeaf });
    await make({ signProfile: "live" });
    writeFileSync(join(out(), "ca.mobileconfig"), "mine");
    await expect(make({ signProfile: "live" })).rejects.toMatchObject({ kind: "cannot-create" });
    expect(profile().toString()).toBe("mine");
  });

  test("a run that was killed after it had signed is finished by the next", async () => {
    await serve({ ecdsa: ecLeaf });
    let writes = 0;
    const write: typeof deps.folder.write = async (path, content) => {
      writes += 1;
      if (path.endsWith("README.txt")) throw new Error("killed");
      return deps.folder.write(path, content);
    };
    const dying = { ...deps, folder: { ...deps.folder, write } };
    const options = { dir: out(), dryRun: false, signProfile: "live" };
    await expect(bundle(fake.world, dying, one, options)).rejects.toThrow("killed");
    expect(writes).toBeGreaterThan(2);
    const { result } = await signedBy("live");
    expect(result.files.map(({ change }) => change)).toContain("unchanged");
  });

  test("a dry run and formats without a profile sign nothing and need no key", async () => {
    await serve({ ecdsa: ecLeaf });
    const dry = await make({ signProfile: "live", dryRun: true });
    expect(bundleText(dry)).toMatch(/ca\.mobileconfig +would write .*, signed by mail\.example\.org/);
    await make({ signProfile: join(dir, "none.pem"), formats: ["pem", "readme"] });
    expect(signatures).toBe(0);
  });

  test("a key that is kept elsewhere cannot sign, and the way out is said", async () => {
    await serve({ ecdsa: ecLeaf }, true);
    await expect(make({ signProfile: "live" })).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("is not on this host"),
      hints: [expect.stringContaining("sign_profile: FILE")],
    });
  });

  test("a certificate that has ended signs nothing", async () => {
    await serve({ ecdsa: ecLeaf });
    fake.clock.now = new Date("2099-01-01T00:00:00Z");
    await expect(make({ signProfile: "live" })).rejects.toMatchObject({
      message: expect.stringMatching(/ended on 20/),
    });
  });
});

describe("with a file", () => {
  beforeEach(() => serve({ ecdsa: ecLeaf }));

  test("key, certificate and chain in any order", async () => {
    const path = signingFile(pki.root.pem + rsaLeaf.pem + rsaLeaf.privateKey);
    const { signer, result } = await signedBy(path);
    expect(bare(signer)).toBe(bare(rsaLeaf.pem));
    expect(result.signer?.sha256).toBe(rsaLeaf.sha256);
  });

  test.each([
    [
      "that others may read",
      () => signingFile(rsaLeaf.pem + rsaLeaf.privateKey, 0o640),
      /others than its owner may use/,
    ],
    ["that is missing", () => join(dir, "none.pem"), /there is no file/],
    ["without a key", () => signingFile(rsaLeaf.pem), /holds no private key/],
    [
      "with another's certificate",
      () => signingFile(ecLeaf.pem + rsaLeaf.privateKey),
      /no certificate for its private key/,
    ],
  ])("one %s is refused before anything is written, and nothing of a key is said", async (_what, file, words) => {
    const path = file();
    const failure = await make({ signProfile: path }).then(
      () => undefined,
      (error: unknown) => error as Error & { hints: readonly string[] },
    );
    expect(failure?.message).toMatch(words);
    expect(failure?.hints.length).toBeGreaterThan(0);
    expect(JSON.stringify([failure?.message, failure?.hints])).not.toContain("PRIVATE KEY-----");
    expect(() => readFileSync(join(out(), "ca.crt"))).toThrow("ENOENT");
  });
});

test("a signer of the configuration that cannot sign keeps nothing else from being made; it is said, and tried again", async () => {
  await serve({ ecdsa: ecLeaf });
  const config = { ...one, signProfile: join(dir, "signer.pem") };
  const first = await make({}, config);
  expect(first.findings).toMatchObject([
    { check: "bundle-unsigned", message: expect.stringMatching(/^ca\.mobileconfig .*no file/) },
  ]);
  expect(first.files.map(({ path }) => path)).not.toContain("ca.mobileconfig");
  expect(readFileSync(join(out(), "index.html"), "utf8")).not.toContain("ca.mobileconfig");
  expect(JSON.parse(JSON.stringify(bundleDocument(first)))).toMatchObject({ ok: false, findings: first.findings });
  expect(bundleText(first)).toContain("fault: ca.mobileconfig could not be signed");
  expect(await isBundleBehind(fake.world, deps, config, out())).toBe(true);
  signingFile(rsaLeaf.pem + rsaLeaf.privateKey);
  expect((await make({}, config)).findings).toBeUndefined();
  expect(await isBundleBehind(fake.world, deps, config, out())).toBe(false);
  // A signed one of an earlier run stays, and the new leaf is handed out.
  const signed = profile();
  rmSync(config.signProfile);
  const next = await issue({ names: [name], by: pki.root });
  await serve({ ecdsa: next });
  expect((await make({}, config)).findings).toHaveLength(1);
  expect(profile().equals(signed)).toBe(true);
  expect(readFileSync(join(out(), ".mailcert-bundle.json"), "utf8")).toContain(next.sha256);
  expect(readFileSync(join(out(), "index.html"), "utf8")).toContain("ca.mobileconfig");
});

test("a kept folder is behind when the CA has another root, as after a rotation that was cut short", async () => {
  await serve({ ecdsa: ecLeaf });
  let roots = [pki.root.pem];
  const cas = await fake.world.privateCas();
  const world = { ...fake.world, privateCas: async () => ({ ...cas, roots: async () => roots }) };
  const refresh = () => bundle(world, deps, one, { dir: out(), dryRun: false });
  await refresh();
  expect(await isBundleBehind(world, deps, one, out())).toBe(false);
  const other = await makePki();
  roots = [other.root.pem, pki.root.pem];
  expect(await isBundleBehind(world, deps, one, out())).toBe(true);
  await refresh();
  // What is served is still by the one before: it leads.
  expect(bare(readFileSync(join(out(), "ca.crt"), "utf8"))).toBe(bare(pki.root.pem));
  expect(bare(readFileSync(join(out(), "ca-newer.crt"), "utf8"))).toBe(bare(other.root.pem));
  expect(await isBundleBehind(world, deps, one, out())).toBe(false);
  // Cannot be read now: no reason to make anything anew.
  roots = [];
  expect(await isBundleBehind(world, deps, one, out())).toBe(false);
});

test("a kept folder is behind when the configuration wants another signer, or the signer's file changed", async () => {
  await serve({ ecdsa: ecLeaf });
  const behind = (signProfile?: string): Promise<boolean> =>
    isBundleBehind(fake.world, deps, { ...one, ...(signProfile === undefined ? {} : { signProfile }) }, out());
  await make();
  expect(await behind()).toBe(false);
  expect(await behind("live")).toBe(true);
  await make({}, { ...one, signProfile: "live" });
  expect(await behind("live")).toBe(false);
  const path = signingFile(rsaLeaf.pem + rsaLeaf.privateKey);
  expect(await behind(path)).toBe(true);
  await make({}, { ...one, signProfile: path });
  expect(await behind(path)).toBe(false);
  // The folder is handed out: where the key lies is nobody's business.
  expect(readFileSync(join(out(), ".mailcert-bundle.json"), "utf8")).not.toContain("signer.pem");
  signingFile(`${rsaLeaf.pem}${rsaLeaf.privateKey}${pki.root.pem}`);
  expect(await behind(path)).toBe(true);
  // The same certificate signs: nothing changes but the list.
  const again = await make({}, { ...one, signProfile: path });
  expect(again.files.every(({ change }) => change === "unchanged")).toBe(true);
  expect(await behind(path)).toBe(false);
});

describe("two runs at once", () => {
  test("the second waits for the first: the list says what lies there, and the next run takes it for its own", async () => {
    await serve({ ecdsa: ecLeaf });
    const options = { dir: out(), dryRun: false, signProfile: "live" } as const;
    let second: Promise<unknown> | undefined;
    let lists = 0;
    // Before its last word the first lets the other go ahead: that ends now, or waits.
    const write = async (path: string, content: string | Uint8Array): Promise<void> => {
      if (path.endsWith(".mailcert-bundle.json")) lists += 1;
      if (lists === 2 && second === undefined) {
        second = bundle(fake.world, deps, one, options);
        await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 1500))]);
      }
      return deps.folder.write(path, content);
    };
    await bundle(fake.world, { ...deps, folder: { ...deps.folder, write } }, one, options);
    await second;
    expect(signatures).toBe(1);
    const list = JSON.parse(readFileSync(join(out(), ".mailcert-bundle.json"), "utf8")) as {
      readonly files: Readonly<Record<string, readonly string[]>>;
    };
    expect(list.files["ca.mobileconfig"]).toEqual([createHash("sha256").update(profile()).digest("hex")]);
    expect((await bundle(fake.world, deps, one, options)).files.every(({ change }) => change === "unchanged")).toBe(
      true,
    );
    expect(readdirSync(out()).filter((file) => file.startsWith("."))).toEqual([".mailcert-bundle.json"]);
  });

  test("a folder that another run does not let go of is said; one that was made for nothing goes again", async () => {
    await serve({ ecdsa: ecLeaf });
    const { claim } = createBundleFolder(1000, async () => ({ status: 75, stdout: "", stderr: "" }));
    const options = { dir: join(dir, "new", "out"), dryRun: false };
    await expect(
      bundle(fake.world, { ...deps, folder: { ...deps.folder, claim } }, one, options),
    ).rejects.toMatchObject({ kind: "try-later", message: `another mailcert writes into ${options.dir}` });
    const nobodys = certificate({ name: "none.example.org", names: ["none.example.org"] });
    const again = { ...options, dir: join(dir, "again", "out") };
    await expect(bundle(fake.world, deps, nobodys, again)).rejects.toMatchObject({ kind: "config" });
    expect(existsSync(join(dir, "again"))).toBe(false);
  });

  test("without flock(1) it is made as it always was", async () => {
    await serve({ ecdsa: ecLeaf });
    const without = createBundleFolder(1000, createRunProgram({ MAILCERT_PATH: dir }));
    const made = await bundle(fake.world, { ...deps, folder: without }, one, { dir: out(), dryRun: false });
    expect(made.files.length).toBeGreaterThan(5);
    expect(existsSync(join(out(), ".mailcert-bundle.lock"))).toBe(false);
  });
});
