// CMS as others read it: certificates alone, and a profile with a signature around it, by EC and RSA keys.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import forge from "node-forge";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pkcs7 } from "../../src/bundles/pkcs7.ts";
import { signProfile } from "../../src/bundles/sign-profile.ts";
import { material } from "../contract/bundle.ts";
import { issue, makePki } from "../fakes/pki.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-cms-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};
const openssl = (...args: string[]) => spawnSync("openssl", args, { encoding: "utf8" });
const bare = (pem: string): string => pem.replaceAll(/\s/g, "");

describe("PKCS#7", () => {
  test("OpenSSL finds all roots and what stands between, each once, and no leaf", async () => {
    const pki = await makePki();
    const older = await issue({ subject: "CN=Older Root", ca: true });
    const given = {
      ...(await material("private-ca")).material,
      root: pki.root.pem,
      leaf: pki.leaf.pem,
      chain: [pki.intermediate.pem, pki.root.pem],
      olderRoots: [older.pem],
    };
    const [made] = pkcs7(given, () => "");
    const content = Buffer.from(made?.content ?? "");
    const said = openssl("pkcs7", "-inform", "DER", "-in", file("ca.p7b", content), "-print_certs");
    expect(said.status).toBe(0);
    const found = said.stdout.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? [];
    const expected = [pki.root, older, pki.intermediate].map(({ pem }) => bare(pem));
    expect(found.map(bare).sort()).toEqual(expected.sort());
  });

  test("node-forge reads it, too, where all keys are RSA", async () => {
    const [root, older] = await Promise.all([1, 2].map(() => issue({ ca: true, key: "RSA-2048" })));
    if (!root || !older) throw new Error("no roots");
    const given = { ...(await material("private-ca")).material, chain: [], root: root.pem, olderRoots: [older.pem] };
    const [made] = pkcs7(given, () => "");
    const read = forge.pkcs7.messageFromAsn1(forge.asn1.fromDer(Buffer.from(made?.content ?? "").toString("latin1")));
    const found = read.certificates.map((one) => bare(forge.pki.certificateToPem(one)));
    expect(found.sort()).toEqual([bare(root.pem), bare(older.pem)].sort());
  });
});

describe.each(["P-256", "P-384", "RSA-2048"] as const)("a profile signed by a key of the kind %s", (key) => {
  const content = '<?xml version="1.0" encoding="UTF-8"?>\n<plist>Zürich\n</plist>\n';
  const make = async (now: Date) => {
    const pki = await makePki();
    const leaf = await issue({ names: ["mail.example.org"], by: pki.intermediate, key });
    const certificates = [leaf.pem, pki.intermediate.pem];
    const signed = signProfile({ content, privateKey: leaf.privateKey, certificates, now });
    return { pki, leaf, signed };
  };
  const verify = (command: "cms" | "smime", signed: Uint8Array, root: string) => {
    const trusted = ["-CAfile", file("root.pem", root), "-purpose", "any"];
    return openssl(command, "-verify", "-binary", "-inform", "DER", "-in", file("signed", signed), ...trusted);
  };

  test.each(["cms", "smime"] as const)(
    "openssl %s verifies it up to the root, and gets the profile back",
    async (command) => {
      const { pki, signed } = await make(new Date());
      const said = verify(command, signed, pki.root.pem);
      expect(said.stderr).toMatch(/Verification successful/i);
      expect(said).toMatchObject({ status: 0, stdout: content });
    },
  );

  test("another root, or a changed octet of the profile, and it is refused", async () => {
    const { pki, signed } = await make(new Date());
    const stranger = await makePki();
    expect(verify("cms", signed, stranger.root.pem).status).not.toBe(0);
    const changed = Buffer.from(signed);
    const at = changed.indexOf("plist");
    expect(at).toBeGreaterThan(0);
    changed.write("plisT", at);
    expect(verify("cms", changed, pki.root.pem).stderr).toContain("CMS_SignerInfo_verify_content:verification failure");
  });

  test("what is signed: type, digest and time, by SHA-256; the chain comes along, in DER's order", async () => {
    const { signed } = await make(new Date("2026-11-20T12:00:00Z"));
    const said = openssl("cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", file("signed", signed)).stdout;
    expect(said).toMatch(
      /object: contentType[^]*object: signingTime[^]*Nov 20 12:00:00 2026 GMT[^]*object: messageDigest/,
    );
    expect(said).toContain(key.startsWith("P-") ? "algorithm: ecdsa-with-SHA256" : "algorithm: rsaEncryption");
    expect(said.match(/d\.certificate:/g)).toHaveLength(2);
    // What OpenSSL would write for the same content is the same.
    const again = openssl(
      "cms",
      "-cmsout",
      "-inform",
      "DER",
      "-in",
      join(dir, "signed"),
      "-outform",
      "DER",
      "-out",
      join(dir, "again"),
    );
    expect(again.status).toBe(0);
    expect(openssl("asn1parse", "-inform", "DER", "-in", join(dir, "again")).stdout).toBe(
      openssl("asn1parse", "-inform", "DER", "-in", join(dir, "signed")).stdout,
    );
  });

  test("years after 2049 are written with four digits", async () => {
    const { signed } = await make(new Date("2051-02-03T04:05:06Z"));
    expect(Buffer.from(signed).includes("20510203040506Z")).toBe(true);
  });
});

test("a key that no device can check signs nothing", async () => {
  const { generateKeyPairSync } = await import("node:crypto");
  const { privateKey } = generateKeyPairSync("ed25519");
  const leaf = await issue({ names: ["mail.example.org"] });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const now = new Date();
  expect(() => signProfile({ content: "", privateKey: pem, certificates: [leaf.pem], now })).toThrow("ed25519");
  expect(() => signProfile({ content: "", privateKey: leaf.privateKey, certificates: [], now })).toThrow("certificate");
});
