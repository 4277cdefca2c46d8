// What we write, read by OpenSSL: requests for ACME, serial numbers, validity, signature algorithms.
import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { Failure } from "../../src/domain/failure.ts";
import { keyMatches } from "../../src/domain/key-match.ts";
import { keyAlgorithms } from "../../src/domain/keys.ts";
import { generateKey } from "../../src/system/keys.ts";
import { makeLeaf } from "../../src/x509/leaf.ts";
import { randomSerial } from "../../src/x509/random.ts";
import { makeRequest } from "../../src/x509/request.ts";
import { validityOf } from "../../src/x509/validity.ts";
import { openssl } from "../issuers/openssl.ts";

const names = ["mail.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"];
const validity = validityOf(new Date("2026-11-20T12:00:00.500Z"), 90);
const random = (count: number): Uint8Array => randomBytes(count);

describe("requests", () => {
  test.each([
    ["ecdsa", "ecdsa-with-SHA256"],
    ["ecdsa-p384", "ecdsa-with-SHA384"],
    ["rsa", "sha256WithRSAEncryption"],
  ] as const)("%s: an empty subject, the SAN, no EKU, a good signature", async (algorithm, signature) => {
    const request = await makeRequest({ privateKey: await generateKey(algorithm), algorithm, names });
    const { ok, output } = await openssl(["req", "-noout", "-text", "-verify"], request.pem);
    expect(ok).toBe(true);
    expect(output).toContain("self-signature verify OK");
    expect(output).toMatch(/Subject: *\n/);
    expect(output).toContain(
      "DNS:mail.example.org, DNS:*.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1\n",
    );
    expect(output).not.toContain("Extended Key Usage");
    expect(output).toContain(`Signature Algorithm: ${signature}`);
    expect(Buffer.from(request.pem.replaceAll(/-----.*-----|\s/g, ""), "base64").equals(request.der)).toBe(true);
  });

  test("a key of another kind than asked for is refused", async () => {
    const privateKey = await generateKey("ecdsa");
    await expect(makeRequest({ privateKey, algorithm: "rsa", names })).rejects.toBeInstanceOf(Failure);
  });

  test("keys that cannot be used are refused without showing them", async () => {
    for (const newKey of [
      ["-algorithm", "ed25519"],
      ["-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
    ]) {
      const privateKey = (await openssl(["genpkey", ...newKey])).output;
      const outcome: unknown = await makeRequest({ privateKey, names }).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(Failure);
      expect((outcome as Failure).message).toMatch(/a key of the kind (ed25519|ec) cannot be used/);
    }
  });
});

describe("leaves", () => {
  test.each([
    ["ecdsa", "ecdsa-with-SHA256", ["digitalSignature"]],
    ["ecdsa-p384", "ecdsa-with-SHA384", ["digitalSignature"]],
    ["rsa", "sha256WithRSAEncryption", ["digitalSignature", "keyEncipherment"]],
  ] as const)("%s signs itself with %s", async (algorithm, signatureAlgorithm, keyUsage) => {
    const privateKey = await generateKey(algorithm);
    const pem = await makeLeaf({ privateKey, names, commonName: "mail.example.org", ...validity, random });
    expect(readCertificate(pem)).toMatchObject({
      signatureAlgorithm,
      keyUsage,
      selfSigned: true,
      isCa: false,
      extendedKeyUsage: ["serverAuth"],
    });
    const { output } = await openssl(["x509", "-noout", "-text"], pem);
    expect(output).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(output).toMatch(/X509v3 Key Usage: critical/);
    expect(output).toMatch(/Extended Key Usage: \s+TLS Web Server/);
    expect(output).toMatch(/Version: 3/);
  });

  test("serial numbers are positive, unlike zero, and as random as what is handed in", async () => {
    const privateKey = await generateKey("ecdsa");
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ minLength: 16, maxLength: 16 }),
          fc.constant(new Uint8Array(16)),
          fc.constant(new Uint8Array(16).fill(255)),
        ),
        async (octets) => {
          const pem = await makeLeaf({ privateKey, names, commonName: undefined, ...validity, random: () => octets });
          const wanted = BigInt(`0x${Buffer.from(octets).toString("hex")}`);
          const { output } = await openssl(["x509", "-noout", "-serial"], pem);
          expect(BigInt(`0x${output.trim().replace("serial=", "")}`)).toBe(wanted === 0n ? 1n : wanted);
          expect(BigInt(`0x${readCertificate(pem).serial}`)).toBe(wanted === 0n ? 1n : wanted);
        },
      ),
      { numRuns: 12 },
    );
    const sizes: number[] = [];
    randomSerial((count) => {
      sizes.push(count);
      return new Uint8Array(count).fill(1);
    });
    expect(sizes).toEqual([16]);
  });

  test("validity is in whole seconds, and its last second counts", () => {
    expect(validity.notBefore.toISOString()).toBe("2026-11-20T11:00:00.000Z");
    expect(validity.notAfter.toISOString()).toBe("2027-02-18T10:59:59.000Z");
  });
});

test.each(keyAlgorithms)("generateKey makes a key of the kind %s that OpenSSL reads", async (algorithm) => {
  const pem = await generateKey(algorithm);
  expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  const { ok, output } = await openssl(["pkey", "-noout", "-text", "-check"], pem);
  expect(ok).toBe(true);
  const expected = {
    ecdsa: "NIST CURVE: P-256",
    "ecdsa-p384": "NIST CURVE: P-384",
    rsa: "(2048 bit",
    "rsa-3072": "(3072 bit",
    "rsa-4096": "(4096 bit",
  };
  expect(output).toContain(expected[algorithm]);
  expect(output).toContain("Key is valid");
  if (algorithm !== "rsa-4096") {
    const leaf = await makeLeaf({
      privateKey: pem,
      names: ["a.example.org"],
      commonName: undefined,
      ...validity,
      random,
    });
    expect(keyMatches(pem, leaf)).toBe(true);
  }
});
