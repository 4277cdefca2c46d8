// Writing a bundle: whole, repeatable, never over somebody else's file, and gone again when no longer needed.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundles } from "../../src/bundles/index.ts";
import { signProfile } from "../../src/bundles/sign-profile.ts";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { bundleDocument, bundleText } from "../../src/reports/bundle.ts";
import { bundleRender, createBundleFolder } from "../../src/system/bundle-folder.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { readSigningFile } from "../../src/system/signing-file.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { listName } from "../../src/usecases/bundle-list.ts";
import type { BundleDeps } from "../../src/usecases/bundle-tools.ts";
import { type BundleOptions, writeBundle } from "../../src/usecases/bundle.ts";
import { type Situation, material } from "../contract/bundle.ts";
import { complaints } from "../docs/schemas.ts";
import { usualCertificate } from "../fakes/settings.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-bundle-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const deps: BundleDeps = {
  formats: bundles,
  render: bundleRender(createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)))),
  folder: createBundleFolder(1000, createRunProgram(process.env)),
  publicRoots: async () => [],
  readCertificates: async () => [],
  registrable: async (host) => host,
  random: (count) => new Uint8Array(count),
  readSigningFile,
  signProfile: async (what) => signProfile(what),
};

const certificate: CertificateConfig = {
  name: "mail.example.org",
  names: ["mail.example.org"],
  keys: ["ecdsa"],
  issuer: { kind: "private-ca", ca: "default", days: 397 },
  servers: "auto",
  ...usualCertificate,
};

const write = async (situation: Situation, options: Partial<BundleOptions> = {}, given = material(situation)) =>
  writeBundle(deps, certificate, (await given).material, { dir: join(dir, "out"), dryRun: false, ...options });

const files = (): readonly string[] => readdirSync(join(dir, "out")).sort();

test("files that everybody may read; a second run changes nothing", async () => {
  const given = material("private-ca");
  const first = await write("private-ca", {}, given);
  expect(first.files.map(({ path, change }) => `${change} ${path}`)).toEqual([
    "written ca.crt",
    "written ca.cer",
    "written ca.p7b",
    "written truststore.p12",
    "written ca.mobileconfig",
    "written account.mobileconfig",
    "written config-v1.1.xml",
    "written autodiscover.xml",
    "written srv.zone",
    "written muttrc.txt",
    "written msmtprc.txt",
    "written mbsyncrc.txt",
    "written fetchmailrc.txt",
    "written offlineimaprc.txt",
    "written alpine.txt",
    "written aerc-accounts.txt",
    "written install-windows.ps1",
    "written install-windows.cmd",
    "written windows-gpo-intune.txt",
    "written install-macos.sh",
    "written install-linux.sh",
    "written android.txt",
    "written policies.json",
    "written thunderbird-certutil.sh",
    "written thunderbird.txt",
    "written README.txt",
    "written index.html",
  ]);
  expect(files()).toEqual([".mailcert-bundle.json", ...first.files.map(({ path }) => path)].sort());
  for (const file of files()) expect(statSync(join(dir, "out", file)).mode & 0o777).toBe(0o644);
  const before = files().map((file) => statSync(join(dir, "out", file)).ino);
  const second = await write("private-ca", {}, given);
  expect(second.files.every(({ change }) => change === "unchanged")).toBe(true);
  expect(files().map((file) => statSync(join(dir, "out", file)).ino)).toEqual(before);
});

test("another root replaces what mailcert wrote", async () => {
  await write("private-ca");
  const again = await write("private-ca");
  // Thunderbird's policy names files, not what is in them; account settings are those of the host.
  const same = ["config-v1.1.xml", "autodiscover.xml", "srv.zone", "alpine.txt", "aerc-accounts.txt", "policies.json"];
  expect(again.files.filter(({ change }) => change !== "written").map(({ path }) => path)).toEqual(same);
});

test("a public certificate takes the private root out of the folder again", async () => {
  await write("private-ca");
  const now = await write("public");
  expect(now.files.map(({ path, change }) => `${change} ${path}`)).toEqual([
    "written account.mobileconfig",
    "unchanged config-v1.1.xml",
    "unchanged autodiscover.xml",
    "unchanged srv.zone",
    "written muttrc.txt",
    "written msmtprc.txt",
    "written mbsyncrc.txt",
    "written fetchmailrc.txt",
    "written offlineimaprc.txt",
    "written alpine.txt",
    "written aerc-accounts.txt",
    "written README.txt",
    "written index.html",
    "removed ca.crt",
    "removed ca.cer",
    "removed ca.p7b",
    "removed truststore.p12",
    "removed ca.mobileconfig",
    "removed install-windows.ps1",
    "removed install-windows.cmd",
    "removed windows-gpo-intune.txt",
    "removed install-macos.sh",
    "removed install-linux.sh",
    "removed android.txt",
    "removed policies.json",
    "removed thunderbird-certutil.sh",
    "removed thunderbird.txt",
  ]);
  expect(files()).toEqual([
    ".mailcert-bundle.json",
    "README.txt",
    "account.mobileconfig",
    "aerc-accounts.txt",
    "alpine.txt",
    "autodiscover.xml",
    "config-v1.1.xml",
    "fetchmailrc.txt",
    "index.html",
    "mbsyncrc.txt",
    "msmtprc.txt",
    "muttrc.txt",
    "offlineimaprc.txt",
    "srv.zone",
  ]);
});

test("a file that somebody else wrote, or a link, stops everything before a byte is written", async () => {
  await write("private-ca", { formats: ["pem"] });
  writeFileSync(join(dir, "out", "README.txt"), "mine");
  symlinkSync("/etc/hostname", join(dir, "out", "ca.cer"));
  await expect(write("private-ca")).rejects.toMatchObject({
    kind: "cannot-create",
    message: `${join(dir, "out")} holds files that mailcert did not write: ca.cer, README.txt`,
  });
  expect(files()).toEqual([".mailcert-bundle.json", "README.txt", "ca.cer", "ca.crt"]);
  expect(readFileSync(join(dir, "out", "README.txt"), "utf8")).toBe("mine");
});

test("what is no folder, or cannot be one, is said to be so, with what to do", async () => {
  writeFileSync(join(dir, "file"), "");
  const hints = ["name another folder: bundle: DIR (--out DIR)"];
  await expect(write("private-ca", { dir: join(dir, "file"), formats: ["pem"] })).rejects.toMatchObject({
    kind: "cannot-create",
    message: `${join(dir, "file")} is a file, or leads through one: the files for clients need a folder`,
    hints,
  });
  await expect(write("private-ca", { dir: "/proc/mailcert-none", formats: ["pem"] })).rejects.toMatchObject({ hints });
});

test("a file that was changed by hand since is somebody else's", async () => {
  await write("private-ca");
  writeFileSync(join(dir, "out", "README.txt"), "improved");
  await expect(write("private-ca")).rejects.toMatchObject({ kind: "cannot-create" });
});

test("some formats only: the others stay as they are", async () => {
  await write("private-ca");
  const given = material("private-ca");
  const result = await write("private-ca", { formats: ["der"] }, given);
  expect(result.files).toMatchObject([{ path: "ca.cer", change: "written" }]);
  expect(files()).toContain("ca.mobileconfig");
});

test("a run that was killed between two files is finished by the next", async () => {
  await write("private-ca");
  const given = material("private-ca");
  let writes = 0;
  const dying: BundleDeps = {
    ...deps,
    folder: {
      ...deps.folder,
      write: async (path, content) => {
        writes += 1;
        if (writes >= 3) throw new Error("killed");
        return deps.folder.write(path, content);
      },
    },
  };
  const options = { dir: join(dir, "out"), dryRun: false };
  await expect(writeBundle(dying, certificate, (await given).material, options)).rejects.toThrow("killed");
  const finished = await write("private-ca", {}, given);
  // Written before, or left to this run; some of each.
  expect(new Set(finished.files.map(({ change }) => change))).toEqual(new Set(["unchanged", "written"]));
});

test("the disk has a list that knows both before a file changes, and every file before the list forgets", async () => {
  const given = await material("private-ca");
  const steps: string[] = [];
  const watched: BundleDeps = {
    ...deps,
    folder: {
      ...deps.folder,
      write: async (path, content) => {
        await deps.folder.write(path, content);
        steps.push(path.endsWith(listName) ? "list" : "file");
      },
      remove: async (path) => {
        await deps.folder.remove(path);
        steps.push("file");
      },
      settle: async (folder) => {
        await deps.folder.settle(folder);
        expect(folder).toBe(join(dir, "out"));
        steps.push("settled");
      },
    },
  };
  const options = { dir: join(dir, "out"), dryRun: false };
  const inTurn = (): readonly string[] => steps.splice(0).filter((step, index, all) => step !== all[index - 1]);
  await writeBundle(watched, certificate, given.material, options);
  expect(inTurn()).toEqual(["list", "settled", "file", "settled", "list", "settled"]);
  // It asks the kernel: of a folder that is not there.
  await expect(deps.folder.settle(join(dir, "none"))).rejects.toThrow("cannot write");
  const withoutAny = { ...given.material, root: undefined };
  const { files: changed } = await writeBundle(watched, certificate, withoutAny, options);
  expect(changed.map(({ change }) => change)).toContain("removed");
  expect(inTurn()).toEqual(["list", "settled", "file", "settled", "list", "settled"]);
});

test("a dry run writes nothing, and says so", async () => {
  const result = await write("private-ca", { dryRun: true });
  expect(readdirSync(dir)).toEqual([]);
  expect(bundleText(result)).toMatch(/^plan \(nothing was changed\)\n/);
  expect(bundleText(result)).toMatch(/^ {2}ca\.crt +would write /m);
  expect(bundleText(result)).not.toMatch(/Hand the folder|Read this to them/);
  expect(bundleDocument(result)).toMatchObject({ schema: "mailcert.bundle/1", imports: "root", dryRun: true });
});

test("the page links to what this run made, and to what lies there as it would be made now", async () => {
  const given = material("private-ca");
  const page = (): string => readFileSync(join(dir, "out", "index.html"), "utf8");
  await write("private-ca", { formats: ["page", "pem"] }, given);
  expect(page()).toContain('href="ca.crt"');
  expect(page()).not.toContain('href="ca.cer"');
  await write("private-ca", { formats: ["der"] }, given);
  await write("private-ca", { formats: ["page"] }, given);
  expect(page()).toContain('href="ca.crt"');
  expect(page()).toContain('href="ca.cer"');
  // Of another root: what lies there does not fit what the page says.
  await write("private-ca", { formats: ["page"] });
  expect(page()).not.toMatch(/href="ca\.c/);
});

test("where the folder is published is remembered, so that another address is another page", async () => {
  const given = await material("private-ca");
  const published = { ...given, material: { ...given.material, url: "https://www.example.org/mail/" } };
  const options = { dir: join(dir, "out"), dryRun: false };
  await writeBundle(deps, certificate, published.material, options);
  expect(readFileSync(join(dir, "out", "index.html"), "utf8")).toContain('class="qr"');
  expect(JSON.parse(readFileSync(join(dir, "out", ".mailcert-bundle.json"), "utf8"))).toMatchObject({
    url: "https://www.example.org/mail/",
  });
  const again = await writeBundle(deps, certificate, given.material, options);
  expect(again.files.filter(({ change }) => change !== "unchanged").map(({ path }) => path)).toEqual(["index.html"]);
  expect(again.lostUrl).toBe("https://www.example.org/mail/");
  expect(bundleText(again)).toContain("The page has lost the QR code of https://www.example.org/mail/");
  expect(complaints(bundleDocument(again))).toEqual([]);
  expect((await writeBundle(deps, certificate, given.material, options)).lostUrl).toBeUndefined();
});
