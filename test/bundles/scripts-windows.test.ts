// The scripts and notes for Windows, which cannot be run here: their text, its syntax, and whatever an authority is called.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { called, hostile, made, rotated, shown, thumbprint } from "./made.ts";

const lines = (text: string): readonly string[] => {
  expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  return text.split("\r\n");
};

test("both scripts: ASCII, whole lines, and every byte of each certificate", async () => {
  const { now, before, text } = await rotated();
  for (const [path, pattern] of [
    ["install-windows.ps1", /^ {6}'([A-Za-z0-9+/=]+)'$/],
    ["install-windows.cmd", /^ {2}echo ([A-Za-z0-9+/=]+)$/],
  ] as const) {
    expect(text(path)).toMatch(/^[\r\n -~]*$/);
    const data = lines(text(path)).flatMap((line) => pattern.exec(line)?.[1] ?? []);
    expect(data.join("")).toBe(`${now.der.toString("base64")}${before.der.toString("base64")}`);
    for (const line of data) expect(line.length).toBeLessThanOrEqual(64);
  }
});

/** The script without its comments and what its strings hold: syntax alone. A string that did not end is left as a quote. */
const bare = (script: string): string =>
  script.replace(/#[^\r\n]*|'(?:[^'\r\n]|'')*'|"(?:[^"\r\n]|"")*"/g, (part) => (part.startsWith("#") ? "" : "0"));

test("comments read as sentences", async () => {
  for (const [kind, what] of [
    ["private-ca", "certificate authority"],
    ["self-signed", "certificate"],
  ] as const) {
    const { text } = await made(kind);
    for (const path of ["install-windows.ps1", "install-windows.cmd", "install-macos.sh"])
      expect(text(path)).toMatch(new RegExp(`trust a mail server's ${what}[.,]`));
  }
});

test("PowerShell: brackets close, strings end, and every name is a cmdlet of Windows or its own", async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (title) => {
      const { text } = await made("private-ca", { root: (await called(title)).pem });
      const script = text("install-windows.ps1");
      expect(script).toMatch(/^[\r\n -~]*$/);
      const syntax = bare(script);
      expect(syntax).not.toMatch(/['"`]/);
      const open: string[] = [];
      for (const bracket of syntax.match(/[()[\]{}]/g) ?? []) {
        if ("([{".includes(bracket)) open.push(bracket);
        else expect(`${open.pop() ?? ""}${bracket}`).toMatch(/^(?:\(\)|\[\]|\{\})$/);
      }
      expect(open).toEqual([]);
      expect(new Set(syntax.match(/\b[A-Z][A-Za-z]+-[A-Z][A-Za-z0-9]+\b/g))).toEqual(
        new Set([
          "Set-StrictMode",
          "Stop-Script",
          "Get-Sha256",
          "Format-Fingerprint",
          "Find-Root",
          "New-Object",
          "ForEach-Object",
          "Where-Object",
          "Write-Host",
          "Read-Host",
          "Get-ChildItem",
          "Remove-Item",
        ]),
      );
    }),
    { numRuns: 8 },
  );
});
test("PowerShell: the fingerprint is looked at before anything is asked, and asked before anything is done", async () => {
  const { text, given } = await made("private-ca");
  const script = text("install-windows.ps1");
  expect(script).toContain(`Sha256 = '${readCertificate(given.root ?? "").sha256}'\r\n`);
  const at = ["$found -ne $root.Sha256", "Read-Host $question", "$opened.Add("].map((part) => script.indexOf(part));
  expect(at.every((place) => place > 0)).toBe(true);
  expect(at).toEqual(at.toSorted((one, two) => one - two));
  // Nothing in a file, which others of this user could change after the look at it.
  expect(script).not.toMatch(/GetTempPath|WriteAllBytes|Import-Certificate/);
  expect(script).toContain("Cert:\\LocalMachine\\Root");
  expect(script).toContain("Cert:\\CurrentUser\\Root");
});
test("cmd: whatever an authority is called, one word in quotes; every label is there", async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (title) => {
      const root = await called(title);
      const script = lines((await made("private-ca", { root: root.pem })).text("install-windows.cmd"));
      const calls = script.filter((line) => line.startsWith("call "));
      expect(calls).toHaveLength(1);
      const [call = ""] = calls;
      expect(call).toMatch(/^call :root [0-9A-F]{40} [0-9a-f]{64} [0-9A-F:]{95} "[A-Za-z0-9 ._:,@=+/-]*"$/);
      expect(call).toContain(`:root ${thumbprint(root.pem)} ${root.sha256} ${shown(root.pem)} `);
      expect(script.filter((line) => /[^ -~]/.test(line))).toEqual([]);
      const variables = new Set(script.flatMap((line) => line.match(/%[A-Za-z]+(?::[^%]*)?%/g) ?? []));
      expect([...variables].toSorted()).toEqual(
        [
          "%SystemRoot%",
          "%system%",
          "%TEMP%",
          "%RANDOM%",
          "%outer%",
          "%work%",
          "%pem%",
          "%der%",
          "%whose%",
          "%status%",
          "%hash: =%",
          "%hash%",
          "%user%",
        ].toSorted(),
      );
    }),
    { numRuns: 8 },
  );
  const script = lines((await made("private-ca")).text("install-windows.cmd"));
  const labels = new Set(script.flatMap((line) => /^:(\w+)$/.exec(line)?.[1] ?? []));
  for (const line of script) for (const [, label = ""] of line.matchAll(/goto (\w+)/g)) expect(labels).toContain(label);
  // A program beside the script, in a folder of downloads, must not be run as administrator.
  for (const line of script)
    if (/\b(?:certutil|choice|fltmc|icacls)\.exe\b/.test(line))
      expect(line).toMatch(/%system%\\(?:certutil|choice|fltmc|icacls)\.exe/);
  // As administrator: not where programs without these rights can write, and shut before anything lies in it.
  const at = ['set "outer=%SystemRoot%\\Temp\\', "icacls.exe", ":folder", 'mkdir "%work%"', '>"%pem%" ('].map((part) =>
    script.findIndex((line) => line.includes(part)),
  );
  expect(at.every((place) => place > 0)).toBe(true);
  expect(at).toEqual(at.toSorted((one, two) => one - two));
});
test("Group Policy and Intune: the row for each certificate can be pasted", async () => {
  const { now, before, text } = await rotated();
  const notes = lines(text("windows-gpo-intune.txt"));
  for (const { pem, der } of [now, before]) {
    const uri = `./Device/Vendor/MSFT/RootCATrustedCertificates/Root/${thumbprint(pem)}/EncodedCertificate`;
    const at = notes.findIndex((line) => line.includes(uri));
    expect(at).toBeGreaterThan(0);
    expect(notes[at + 3]).toBe(der.toString("base64"));
  }
  expect(text("windows-gpo-intune.txt")).toContain(`-Fingerprint ${shown(now.pem)},${shown(before.pem)}\r\n`);
});
