// Requests that were made elsewhere, as openssl makes them: read, and refused where they are none.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRequest } from "../../src/x509/read-request.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mailcert-request-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const make = (key: readonly string[], san: string | undefined, form = "PEM"): Buffer => {
  const out = join(folder, "made.csr");
  const extra = san === undefined ? [] : ["-addext", `subjectAltName=${san}`];
  const args = ["req", "-new", ...key, "-nodes", "-keyout", join(folder, "key.pem"), "-subj", "/CN=office"];
  execFileSync("openssl", [...args, ...extra, "-outform", form, "-out", out], { stdio: "ignore" });
  return readFileSync(out);
};
const p256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const spki = (): Buffer =>
  execFileSync("openssl", ["pkey", "-in", join(folder, "key.pem"), "-pubout", "-outform", "DER"]);

describe("readRequest", () => {
  test.each(["PEM", "DER"])("%s: its key, its kind, and the names of its subject alternative name", async (form) => {
    const made = make(p256, "DNS:mail.example.org,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1", form);
    const request = await readRequest(made, "/x.csr");
    expect(request.names).toEqual(["mail.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"]);
    expect(request).toMatchObject({ algorithm: "ecdsa", otherNames: [] });
    expect(request.spki.equals(spki())).toBe(true);
    expect(request.pem).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n/);
    expect(request.pem).not.toContain("PRIVATE");
  });

  test.each([
    ["ecdsa-p384", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]],
    ["rsa", ["-newkey", "rsa:2048"]],
    [undefined, ["-newkey", "rsa:1024"]],
    [undefined, ["-newkey", "ed25519"]],
  ] as const)("the kind of key: %s", async (algorithm, key) => {
    expect((await readRequest(make(key, "DNS:mail.example.org"), "/x.csr")).algorithm).toBe(algorithm);
  });

  test("a common name is no name; other kinds of names are told", async () => {
    expect((await readRequest(make(p256, undefined), "/x.csr")).names).toEqual([]);
    const request = await readRequest(make(p256, "DNS:mail.example.org,email:a@example.org"), "/x.csr");
    expect(request).toMatchObject({ names: ["mail.example.org"], otherNames: ["email"] });
  });

  test.each<readonly [string, () => Buffer]>([
    ["nothing", () => Buffer.alloc(0)],
    ["a text", () => Buffer.from("hello")],
    ["a private key", () => (make(p256, undefined), readFileSync(join(folder, "key.pem")))],
    ["half a request", () => make(p256, "DNS:mail.example.org", "DER").subarray(0, 100)],
  ])("%s is none", async (_what, content) => {
    const error: unknown = await readRequest(content(), "/x.csr").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "data" });
    expect(String(error)).toContain("/x.csr is no certificate signing request");
    expect(String(error)).not.toContain("PRIVATE");
  });

  test.each([
    "2.5.29.17=DER:30:05:82:7f:61",
    "2.5.29.17=DER:02:01:01",
    "2.5.29.17=DER:ff",
    "2.5.29.15=DER:30:00",
    "2.5.29.19=DER:02:01:05",
    "2.5.29.37=DER:05:00",
  ])(
    "with the extension %s, which its key signed, it is refused like any other that cannot be read",
    async (extension) => {
      const out = join(folder, "strange.csr");
      const args = ["req", "-new", ...p256, "-nodes", "-keyout", join(folder, "key.pem"), "-subj", "/CN=office"];
      execFileSync("openssl", [...args, "-addext", extension, "-out", out], { stdio: "ignore" });
      const error: unknown = await readRequest(readFileSync(out), "/x.csr").catch((reason: unknown) => reason);
      expect(error).toMatchObject({ kind: "data" });
      expect(String(error)).toContain("/x.csr is a certificate signing request with an extension or a key that");
    },
  );

  test("one that was changed after it was signed is refused", async () => {
    const made = make(p256, "DNS:mail.example.org", "DER");
    const at = made.indexOf("mail.example.org");
    made.write("evil", at);
    await expect(readRequest(made, "/x.csr")).rejects.toThrow("its own key did not sign it");
  });
});
