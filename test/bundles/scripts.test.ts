// The scripts and notes for clients: whole, quiet about nothing, and whatever an authority is called stays a name in them.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { BundleMaterial } from "../../src/bundles/bundle.ts";
import { importableOf } from "../../src/bundles/importable.ts";
import { scriptView } from "../../src/bundles/script-view.ts";
import { readCertificate, titleOf } from "../../src/domain/certificate.ts";
import { baseOf, called, hostile, made, render, rotated, shown } from "./made.ts";

describe("what is made", () => {
  test("of an authority", async () => {
    expect([...(await made("private-ca")).files.keys()]).toEqual([
      "install-windows.ps1",
      "install-windows.cmd",
      "windows-gpo-intune.txt",
      "install-macos.sh",
      "install-linux.sh",
      "android.txt",
      "policies.json",
      "thunderbird-certutil.sh",
      "thunderbird.txt",
    ]);
  });
  test("of a self-signed certificate: only what takes one, and not called an authority", async () => {
    const { files } = await made("self-signed");
    expect([...files.keys()]).toEqual(["install-windows.ps1", "install-windows.cmd", "install-macos.sh"]);
    for (const content of files.values()) {
      expect(content).not.toContain("certificate authority");
      expect(content).not.toMatch(/ca\.(?:crt|cer|mobileconfig)/);
    }
    expect(files.get("install-macos.sh")).toContain("whenever the server's certificate is renewed");
  });
  test("of a public one: nothing", async () => expect((await made("public")).files.size).toBe(0));

  test("while an older root is needed, every file has both", async () => {
    const { now, before, files, text } = await rotated();
    for (const [path, content] of files) {
      if (path === "policies.json" || path.endsWith(".crt")) continue;
      for (const { pem, sha256 } of [now, before]) {
        const named = content.includes(sha256) || content.includes(shown(pem));
        expect(named, path).toBe(true);
      }
    }
    expect(JSON.parse(text("policies.json"))).toEqual({
      policies: {
        Certificates: {
          ImportEnterpriseRoots: true,
          Install: ["mail.example.org.crt", "mail.example.org-older-1.crt"],
        },
      },
    });
    expect(readCertificate(text("thunderbird-older-1.crt")).sha256).toBe(before.sha256);
    expect(text("thunderbird-older-1.crt").match(/BEGIN/g)).toHaveLength(1);
    expect(text("thunderbird.txt")).toContain(
      "thunderbird-older-1.crt, under the name mail.example.org-older-1.crt:\n",
    );
  });
  test("names are shown as people write them, and stay ASCII where nothing else can be read", async () => {
    const { text } = await made("private-ca", { host: "mail.xn--mnchen-3ya.example" });
    expect(text("install-linux.sh")).toContain("host='mail.münchen.example'\n");
    expect(text("install-windows.cmd")).toContain("mail server mail.xn--mnchen-3ya.example,");
    expect(text("install-windows.ps1")).toContain("$server = ('' + 'mail.m' + [char]0x00FC + 'nchen.example')\r\n");
    expect(text("policies.json")).toContain('["mail.xn--mnchen-3ya.example.crt"]');
  });
  test("nothing of a template is left over, no control character, no blanks at the end of a line", async () => {
    for (const situation of ["private-ca", "self-signed"] as const) {
      for (const [path, content] of (await made(situation)).files) {
        expect(content, path).not.toMatch(/\{\{|\}\}|[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/);
        expect(content, path).not.toMatch(/ \r?\n/);
        expect(content.endsWith("\n")).toBe(true);
      }
    }
  });
});

describe("the shell scripts", () => {
  test("dash reads them, whatever an authority is called", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (title) => {
        const { files } = await made("private-ca", { root: (await called(title)).pem });
        for (const [path, content] of files) {
          if (!path.endsWith(".sh")) continue;
          expect(spawnSync("sh", ["-n"], { input: content, encoding: "utf8" })).toMatchObject({
            status: 0,
            stderr: "",
          });
        }
      }),
      { numRuns: 8 },
    );
  });

  /** What all of them share, run alone: it touches nothing. */
  const shared = (given: BundleMaterial, script: string, ...args: readonly string[]) => {
    const dir = mkdtempSync(join(tmpdir(), "mailcert script "));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const importable = importableOf(given);
    if (importable === undefined) throw new Error("nothing to import");
    const roots = render("client-roots.sh", scriptView(given, importable));
    const file = join(dir, "a script.sh");
    writeFileSync(file, `set -eu\nprogram=test\nintroduction() { echo usage; }\n${roots}\n${script}\n`);
    return spawnSync("sh", [file, ...args], { encoding: "utf8", cwd: dir, input: "" });
  };
  const given = async (more: Partial<BundleMaterial> = {}) => ({ ...(await baseOf("private-ca")), ...more });

  test("a shell reads back each name and each certificate", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (title) => {
        const root = await called(title);
        const said = shared(await given({ root: root.pem }), "title_of 1; root 1 | body");
        expect(said.stderr).toBe("");
        expect(said.stdout).toBe(`${titleOf(readCertificate(root.pem))}\n${root.der.toString("base64")}`);
      }),
      { numRuns: 12 },
    );
  });
  test("the fingerprint that is shown is computed, as openssl prints it", async () => {
    const all = await given();
    const print = execFileSync("openssl", ["x509", "-noout", "-fingerprint", "-sha256"], { input: all.root ?? "" });
    const { status, stdout } = shared(all, "show_roots");
    expect([status, stdout]).toEqual([
      0,
      `\n  Test Root\n  SHA-256  ${print.toString().trim().split("=")[1] ?? ""}\n\n`,
    ]);
  });
  test("a damaged one ends it", async () => {
    const all = await given();
    const { status, stderr, stdout } = shared(all, `sha256_of() { echo ${"0".repeat(64)}; }\nshow_roots; echo on`);
    expect([status, stdout]).toEqual([65, ""]);
    expect(stderr).toContain("test: error: this file was damaged on its way: ");
  });
  test("--fingerprint: as openssl, a phone or a person writes it; each certificate must be among them", async () => {
    const { now, before } = await rotated();
    const both = await given({ root: now.pem, olderRoots: [before.pem] });
    const ask = (...args: readonly string[]) => shared(both, "show_roots; confirm sure; echo on", ...args);
    for (const form of [shown(now.pem), now.sha256, shown(now.pem).replaceAll(":", " ")]) {
      expect(ask("--fingerprint", form, "--fingerprint", before.sha256).stdout).toMatch(/\non\n$/);
    }
    for (const args of [
      [now.sha256],
      [before.sha256],
      ["0".repeat(64)],
      [""],
      [now.sha256.slice(0, 40), before.sha256],
    ]) {
      const said = ask("--yes", ...args.flatMap((one) => ["--fingerprint", one]));
      expect([said.status, said.stdout.includes("on\n")]).toEqual([65, false]);
      expect(said.stderr).toContain("this one is not among the fingerprints that you gave: nothing was changed");
    }
  });
  test("nobody to ask, no such option, no value: says what to do", async () => {
    const all = await given();
    expect(shared(all, "confirm sure")).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("hint: name the fingerprint that you were told: --fingerprint"),
    });
    expect(shared(all, "echo on", "--force")).toMatchObject({ status: 64, stdout: "" });
    expect(shared(all, "echo on", "--fingerprint")).toMatchObject({ status: 64, stdout: "" });
    expect(shared(all, "echo on", "--help")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^usage\n\n {2}--fingerprint FP [^]* {2}--yes +do not ask\n$/),
    });
  });
});

describe("notes", () => {
  test.each([
    "permanent",
    "K-9 Mail, Thunderbird for Android   yes",
    "FairEmail                           yes",
    "Android 11, 12, 13",
    "Network may be monitored",
    "no, never",
  ])("Android: %s", async (words) => {
    const { text } = await made("private-ca");
    if (words === "permanent") expect(text("android.txt")).toContain("a notice that comes back after each start");
    else expect(text("android.txt")).toContain(words);
  });
  test.each([
    "/etc/thunderbird/policies/policies.json",
    "distribution\\policies.json",
    "/usr/lib/mozilla/certificates/mail.example.org.crt",
    "sh thunderbird-certutil.sh",
    "Snap and Flatpak",
  ])("Thunderbird: %s", async (words) => expect((await made("private-ca")).text("thunderbird.txt")).toContain(words));
  test("the policy is JSON whatever a file is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (installed) => {
        const policy: unknown = JSON.parse(render("policies.json", { roots: [{ installed, comma: "" }] }));
        expect(policy).toMatchObject({ policies: { Certificates: { Install: [installed] } } });
      }),
    );
  });
});
