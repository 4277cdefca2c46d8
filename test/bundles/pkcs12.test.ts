// PKCS#12 files: keys derived as others derive them, and read by OpenSSL's default provider and by node-forge, for EC and RSA keys.
import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import forge from "node-forge";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { java } from "../../src/bundles/java.ts";
import { pkcs12Key } from "../../src/bundles/pbe.ts";
import { type Form, writePkcs12 } from "../../src/bundles/pkcs12.ts";
import { material } from "../contract/bundle.ts";
import { issue, makePki } from "../fakes/pki.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-pkcs12-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** The password through a file, as no program should have it on its command line. */
const openssl = (p12: Uint8Array, password: string, ...args: string[]) => {
  writeFileSync(join(dir, "in.p12"), p12);
  writeFileSync(join(dir, "password"), `${password}\n`);
  const from = ["pkcs12", "-in", join(dir, "in.p12"), "-passin", `file:${join(dir, "password")}`];
  return spawnSync("openssl", [...from, ...args], { encoding: "utf8" });
};

const passwords = ["Trout-lamp-42", "Käse & Öl 7", "x"];

test("a key is derived as node-forge derives it, whatever the password, the salt and the length", () => {
  const purposes = { key: 1, iv: 2, mac: 3 } as const;
  fc.assert(
    fc.property(
      fc.constantFrom("sha1" as const, "sha256" as const),
      fc.constantFrom("key" as const, "iv" as const, "mac" as const),
      fc.string({ unit: "binary", maxLength: 70 }),
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 70 }),
      (hash, purpose, password, salt, iterations, length) => {
        const theirs = forge.pkcs12.generateKey(
          password,
          forge.util.createBuffer(binary(salt)),
          purposes[purpose],
          iterations,
          length,
          forge.md[hash].create(),
        );
        const ours = pkcs12Key(hash, purpose, { password, salt, iterations }, length);
        expect(binary(ours)).toBe(theirs.getBytes());
      },
    ),
    { numRuns: 200 },
  );
});

describe.each(["compatible", "modern"] as const)("a client identity, %s", (form: Form) => {
  describe.each(["P-256", "P-384", "RSA-2048"] as const)("with a key of the kind %s", (key) => {
    const make = async (password: string) => {
      const pki = await makePki();
      const leaf = await issue({ subject: "CN=alice@example.org", names: [], by: pki.intermediate, key, eku: [] });
      const chain = [pki.intermediate.pem, pki.root.pem];
      const of = { leaf: leaf.pem, chain, password, friendlyName: "Alice's mail (Zürich)", form };
      return { pki, leaf, p12: writePkcs12({ ...of, key: leaf.privateKey, random: randomBytes }) };
    };

    test.each(passwords)("OpenSSL reads key, certificates and name by the password %s", async (password) => {
      const { pki, leaf, p12 } = await make(password);
      const said = openssl(p12, password, "-nodes", "-info");
      expect(said.stderr).toContain(
        form === "compatible" ? "MAC: sha1, Iteration 2048" : "MAC: sha256, Iteration 100000",
      );
      expect(said.stderr).toContain(form === "compatible" ? "pbeWithSHA1And3-KeyTripleDES-CBC" : "AES-256-CBC");
      expect(said.status).toBe(0);
      const read = createPrivateKey(said.stdout);
      expect(read.equals(createPrivateKey(leaf.privateKey))).toBe(true);
      for (const { pem } of [leaf, pki.intermediate, pki.root])
        expect(said.stdout.replaceAll(/\s/g, "")).toContain(pem.replaceAll(/\s/g, ""));
      expect(said.stdout).toContain("friendlyName: Alice's mail (Z");
      expect(said.stdout.match(/localKeyID: ([0-9A-F ]+)/g)).toHaveLength(2);
      // Only the leaf is the key's.
      expect(openssl(p12, password, "-nokeys", "-clcerts").stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    });

    test("another password, or one changed octet, and it is refused", async () => {
      const { p12 } = await make("right");
      expect(openssl(p12, "wrong", "-nodes").stderr).toContain("Mac verify error");
      const damaged = Uint8Array.from(p12);
      damaged[120] = (damaged[120] ?? 0) ^ 1;
      expect(openssl(damaged, "right", "-nodes").status).not.toBe(0);
    });
  });

  test("node-forge reads it, too, where the key is RSA", async () => {
    const leaf = await issue({ names: ["mail.example.org"], key: "RSA-2048" });
    const of = { leaf: leaf.pem, chain: [], password: "kaese", friendlyName: "alice", form };
    const p12 = writePkcs12({ ...of, key: createPrivateKey(leaf.privateKey), random: randomBytes });
    const pfx = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(binary(p12)), true, "kaese");
    const { pkcs8ShroudedKeyBag = "", certBag = "" } = forge.pki.oids;
    const [keyBag] = pfx.getBags({ bagType: pkcs8ShroudedKeyBag })[pkcs8ShroudedKeyBag] ?? [];
    const [certificate] = pfx.getBags({ bagType: certBag })[certBag] ?? [];
    expect(keyBag?.attributes["friendlyName"]).toEqual(["alice"]);
    const publicKey = createPublicKey(createPrivateKey(forge.pki.privateKeyToPem(keyBag?.key)));
    expect(publicKey.equals(createPublicKey(leaf.privateKey))).toBe(true);
    expect(forge.pki.certificateToPem(certificate?.cert).replaceAll(/\s/g, "")).toBe(leaf.pem.replaceAll(/\s/g, ""));
  });

  test("the same octets of randomness give the same file, others another; no key in clear", async () => {
    const leaf = await issue({ names: ["mail.example.org"] });
    const write = (octet: number): Buffer =>
      Buffer.from(
        writePkcs12({
          key: leaf.privateKey,
          leaf: leaf.pem,
          chain: [],
          password: "p",
          friendlyName: "a",
          form,
          random: (count) => new Uint8Array(count).fill(octet),
        }),
      );
    expect(write(1).equals(write(1))).toBe(true);
    expect(write(1).equals(write(2))).toBe(false);
    const { d = "" } = createPrivateKey(leaf.privateKey).export({ format: "jwk" });
    expect(write(1).includes(Buffer.from(d, "base64url"))).toBe(false);
  });

  test("no file without a password, and none from what is no key", async () => {
    const leaf = await issue({ names: ["mail.example.org"] });
    const of = { leaf: leaf.pem, chain: [], friendlyName: "a", form, random: randomBytes };
    expect(() => writePkcs12({ ...of, key: leaf.privateKey, password: "" })).toThrow("needs a password");
    expect(() => writePkcs12({ ...of, key: "hello", password: "p" })).toThrow("private key cannot be read");
    expect(() => writePkcs12({ ...of, leaf: "hello", key: leaf.privateKey, password: "p" })).toThrow(
      "not a readable X.509 certificate",
    );
  });
});

describe("Java's truststore", () => {
  const store = async (over: object = {}) => {
    const { material: given } = await material("private-ca");
    const [file] = java({ ...given, ...over }, () => "");
    if (file === undefined) throw new Error("no truststore");
    return { given, file, content: Buffer.from(file.content) };
  };

  test("says its password, and OpenSSL finds Java's mark on each certificate, no key, and both ciphers", async () => {
    const older = await issue({ subject: "CN=Test Root", ca: true });
    const { file, content } = await store({ olderRoots: [older.pem] });
    expect(file).toMatchObject({ path: "truststore.p12", summary: expect.stringContaining("password: changeit") });
    const said = openssl(content, "changeit", "-nodes", "-info");
    expect(said.status).toBe(0);
    expect(said.stderr).toContain("MAC: sha256");
    expect(said.stderr).toContain("PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256");
    expect(said.stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(said.stdout).not.toContain("PRIVATE KEY");
    const marks = said.stdout.match(/2\.16\.840\.1\.113894\.746875\.1\.1: .*/g) ?? [];
    expect(marks).toHaveLength(2);
    for (const mark of marks) expect(mark).toMatch(/: (?:2\.5\.29\.37\.0|Any Extended Key Usage|<Unsupported tag 6>)/);
  });

  test("two roots of one name get two aliases: Java would forget one of them", async () => {
    const older = await issue({ subject: "CN=test root", ca: true });
    const { content } = await store({ olderRoots: [older.pem] });
    const names = openssl(content, "changeit", "-nokeys").stdout.match(/friendlyName: .*/g) ?? [];
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(2);
    expect(names).toContain(`friendlyName: test root ${older.sha256.slice(0, 8)}`);
    const { content: alone } = await store();
    expect(openssl(alone, "changeit", "-nokeys").stdout).toContain("friendlyName: Test Root\n");
  });

  test("written again for the same roots it is the same file, whatever the dice say", async () => {
    const { given, content } = await store();
    const [again] = java({ ...given, random: new Uint8Array(32).fill(9), now: new Date(0) }, () => "");
    expect(Buffer.from(again?.content ?? "").equals(content)).toBe(true);
  });
});

test("OpenSSL is one whose default provider refuses RC2: what it reads, all read", () => {
  expect(execFileSync("openssl", ["version"], { encoding: "utf8" })).toMatch(/^OpenSSL 3\./);
});
