// The account files of a bundle from the recorded deployments: no server is looked at, and they follow what was proven.
import { signProfile } from "../../src/bundles/sign-profile.ts";
import { readSigningFile } from "../../src/system/signing-file.ts";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundles } from "../../src/bundles/index.ts";
import { type BundleFormat, accountFiles } from "../../src/domain/bundle-formats.ts";
import { registrableDomain } from "../../src/issuers/registrable-domain.ts";
import { bundleDocument, bundleText } from "../../src/reports/bundle.ts";
import type { EntryRecord } from "../../src/store/store.ts";
import { bundleRender, createBundleFolder } from "../../src/system/bundle-folder.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { createTemplates } from "../../src/system/templates.ts";
import type { AccountFlags } from "../../src/usecases/bundle-account.ts";
import { type BundleOptions, bundle, isBundleBehind } from "../../src/usecases/bundle.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
let dir = "";
let world: World;
beforeEach(async () => {
  fake = fakeWorld();
  dir = mkdtempSync(join(tmpdir(), "mailcert-account-"));
  await issue(fake.world, certificate());
  // Whoever looks at a server here fails.
  world = { ...fake.world, servers: async () => Promise.reject(new Error("a server was looked at")) };
});
afterEach(() => {
  fake.dispose();
  rmSync(dir, { recursive: true, force: true });
});

let asked: string[] = [];
const deps = {
  formats: bundles,
  render: bundleRender(createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)))),
  folder: createBundleFolder(1000, createRunProgram(process.env)),
  publicRoots: async () => [],
  readCertificates: async () => [],
  registrable: async (host: string) => {
    asked.push(host);
    return registrableDomain(host);
  },
  random: (count: number) => new Uint8Array(count),
  readSigningFile,
  signProfile: async (what: Parameters<typeof signProfile>[0]) => signProfile(what),
};

const out = (): string => join(dir, "out");
const run = async (account: AccountFlags = {}, one = certificate()) =>
  bundle(world, deps, one, { dir: out(), account, dryRun: false });
const proven = async (
  ...entries: readonly (readonly [url: string, verdict?: EntryRecord["verdict"]])[]
): Promise<void> => {
  const state = world.store.read("mail.example.org");
  if (!state) throw new Error("nothing was issued");
  const records = entries.map(([url, verdict = "proven"]) => ({ url, address: "192.0.2.10", verdict }));
  const dovecot = { server: "dovecot", generation: 1, at: "2026-11-20T12:00:00.000Z", entries: records };
  await fake.world.store.write({ ...state, deployments: { dovecot } });
};
const usual = [["imaps://mail.example.org:993"], ["submissions://mail.example.org:465"]] as const;
const read = (file: string): string => readFileSync(join(out(), file), "utf8");

test("nothing proven: none of the files, one reason, the command; then all of them, without a look at a server", async () => {
  const first = await run();
  expect(first.account).toMatchObject({
    host: "mail.example.org",
    domain: "example.org",
    login: "address",
    proven: [],
    omitted: [
      {
        files: ["account.mobileconfig", "config-v1.1.xml", "autodiscover.xml", "srv.zone", ...accountFiles.programs],
        hint: "prove them: mailcert deploy mail.example.org",
      },
    ],
  });
  expect(bundleText(first)).toContain("-> prove them: mailcert deploy mail.example.org");
  expect(complaints(bundleDocument(first))).toEqual([]);
  await proven(...usual);
  const second = await run();
  expect(complaints(bundleDocument(second))).toEqual([]);
  expect(second.account?.proven).toEqual(["imaps://mail.example.org:993", "submissions://mail.example.org:465"]);
  expect(read("config-v1.1.xml")).toContain("<port>993</port>");
  // Self-signed in this world.
  expect(second.account?.omitted.map(({ files }) => files)).toEqual([["account.mobileconfig"]]);
  expect(bundleText(second)).toContain(
    "mailcert setup mail.example.org autoconfig.example.org autodiscover.example.org",
  );
  expect(bundleDocument(second)).toMatchObject({
    account: { names: { missing: [expect.anything(), expect.anything()] } },
  });
});

test("flags beat the entry, the entry beats the list of public suffixes, which is asked last", async () => {
  await proven(...usual);
  asked = [];
  const one = certificate({ account: { domain: "example.net", login: "local-part" } });
  expect((await run({}, one)).account).toMatchObject({ domain: "example.net", login: "local-part" });
  expect(read("config-v1.1.xml")).toContain("<domain>example.net</domain>");
  expect((await run({ domain: "example.com", login: "address" }, one)).account).toMatchObject({
    domain: "example.com",
    login: "address",
  });
  const alice = { dir: join(dir, "alice"), account: { address: "alice@example.edu" }, dryRun: false };
  expect((await bundle(world, deps, one, alice)).account?.domain).toBe("example.edu");
  expect(asked).toEqual([]);
  await run();
  expect(asked).toEqual(["mail.example.org"]);
});

test("what was left out for now is named; its files of an earlier run stay, and a service that ended leaves them", async () => {
  await proven(...usual, ["pop3s://mail.example.org:995"]);
  await run();
  expect(read("autodiscover.xml")).toContain("POP3");
  await proven(...usual, ["pop3s://mail.example.org:995", "stale"]);
  const stale = await run();
  expect(complaints(bundleDocument(stale))).toEqual([]);
  expect(stale.account?.unproven).toEqual(["pop3s://mail.example.org:995"]);
  expect(bundleText(stale).replaceAll(/\s+/g, " ")).toContain(
    "did not find the certificate there: pop3s://mail.example.org:995.",
  );
  expect(read("autodiscover.xml")).not.toContain("POP3");
  expect(read("srv.zone")).not.toContain("_pop3s._tcp.example.org. IN");
  await proven(...usual.map(([url]) => [url, "stale"] as const));
  const none = await run();
  expect(none.files.filter(({ change }) => change === "removed")).toEqual([]);
  expect(read("config-v1.1.xml")).toContain("<port>993</port>");
  await proven();
  const gone = await run();
  expect(gone.files.filter(({ change }) => change === "removed").map(({ path }) => path)).toEqual([
    "config-v1.1.xml",
    "autodiscover.xml",
    "srv.zone",
    ...accountFiles.programs,
  ]);
  expect(existsSync(join(out(), "srv.zone"))).toBe(false);
});

test("a folder is behind when other entry points were proven, or the entry says something else of accounts", async () => {
  await proven(...usual);
  const one = certificate();
  await run();
  // Nothing is live before the first switch: the target is what counts in `bundle`, the live one here.
  const live: World = { ...world, store: { ...world.store, liveNumber: () => 1 } };
  const behind = async (other = one): Promise<boolean> => isBundleBehind(live, deps, other, out());
  expect(await behind()).toBe(false);
  expect(await behind(certificate({ account: { login: "local-part" } }))).toBe(true);
  await proven(...usual, ["imap://mail.example.org:143"]);
  expect(await behind()).toBe(true);
  await run();
  expect(await behind()).toBe(false);
});

test("one person's address goes into the profile alone", async () => {
  await proven(...usual);
  await run({ address: "alice@example.org" });
  for (const file of ["config-v1.1.xml", "autodiscover.xml", "srv.zone", "README.txt"])
    expect(read(file)).not.toContain("alice");
});

test("one person's files do not go into a folder of the configuration, by whatever path; another address of the page neither", async () => {
  await proven(...usual);
  const one = certificate({ bundle: `${out()}/` });
  const other = certificate({ name: "mx.example.net", names: ["mx.example.net"] });
  const certificates = [other, one];
  const configured: World = { ...world, config: { ...world.config, read: async () => ({ certificates }) } };
  const ask = async (over: Partial<BundleOptions>, by = one) =>
    bundle(configured, deps, by, { dir: out(), dryRun: false, ...over });
  const everybodys = (await ask({})).files.length;
  const before = readFileSync(join(out(), ".mailcert-bundle.json"), "utf8");
  symlinkSync(out(), join(dir, "link"));
  const address = "alice@example.org";
  for (const [at, by] of [
    [out(), one],
    [join(dir, "link"), one],
    [out(), other],
  ] as const)
    await expect(ask({ dir: at, account: { address } }, by)).rejects.toMatchObject({
      kind: "usage",
      message: `--for goes with another folder: ${out()}/ is for everybody (bundle: of mail.example.org)`,
      hints: [`write it into a folder of its own: mailcert bundle ${by.name} --for alice@example.org --out DIR`],
    });
  await expect(ask({ url: "https://www.example.org/" })).rejects.toMatchObject({
    kind: "usage",
    message: expect.stringContaining("--url goes with another folder"),
  });
  expect(readFileSync(join(out(), ".mailcert-bundle.json"), "utf8")).toBe(before);
  expect((await ask({ dir: join(dir, "alice"), account: { address } })).files.length).toBe(everybodys);
});

test("one person's files do not replace everybody's, nor somebody else's; their own are made again", async () => {
  await proven(...usual);
  await run();
  const before = read("config-v1.1.xml");
  await expect(run({ address: "bob@example.org" })).rejects.toMatchObject({
    kind: "usage",
    message: expect.stringContaining("has account files for everybody") as string,
    hints: [`give each person a folder of their own: --out ${out()}-bob`],
  });
  expect(read("config-v1.1.xml")).toBe(before);
  const into = async (address: string, formats?: readonly BundleFormat[]) =>
    bundle(world, deps, certificate(), {
      dir: join(dir, "bob"),
      account: { address },
      dryRun: false,
      ...(formats ? { formats } : {}),
    });
  await into("bob@example.org");
  expect((await into("Bob@example.org", ["srv"])).files).toMatchObject([{ change: "unchanged" }]);
  // What says nothing of accounts is anybody's.
  await into("carol@example.org", ["pem"]);
  await expect(into("carol@example.org")).rejects.toThrow("has account files for somebody else");
});
