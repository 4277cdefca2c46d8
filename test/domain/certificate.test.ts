// The certificate reader against what OpenSSL says of certificates that others made, and against garbage.
import { X509Certificate, createHash } from "node:crypto";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { readCertificate, splitPem } from "../../src/domain/certificate.ts";
import { Failure } from "../../src/domain/failure.ts";
import { openssl } from "../issuers/openssl.ts";
import { type Foreign, foreignCertificate } from "./foreign-certificates.ts";

const full = [
  "basicConstraints=critical,CA:FALSE",
  "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement,decipherOnly",
  "extendedKeyUsage=serverAuth,clientAuth,1.2.3.4.99999",
  "subjectKeyIdentifier=hash",
  "subjectAltName=DNS:Mail.Example.ORG,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1,email:a@example.org",
];

let rich: Foreign;

beforeAll(async () => {
  rich = await foreignCertificate({
    subject: '/C=DE/O=Acme, "Mail" \\+ Söhne <x>;\\\\/OU=#1/CN=mail.example.org',
    extensions: full,
    newKey: ["rsa:2048"],
    options: ["-sha384"],
  });
});

test("what was read before is read as before, whatever was read in between, and another one is not it", async () => {
  const others = await Promise.all(
    Array.from({ length: 20 }, async (_none, index) =>
      foreignCertificate({ subject: `/CN=host${index}.example`, extensions: ["basicConstraints=CA:FALSE"] }),
    ),
  );
  const all = [rich, ...others].map(({ pem }) => pem);
  const inTurn = [...all, ...all.toReversed(), ...all];
  for (const pem of inTurn) {
    const { sha256, der } = readCertificate(pem);
    expect(der.equals(new X509Certificate(pem).raw)).toBe(true);
    expect(sha256).toBe(createHash("sha256").update(der).digest("hex"));
    // With prose before it, and as DER: the same.
    expect(readCertificate(`a text\n${pem}`)).toEqual(readCertificate(der));
  }
});

describe("facts", () => {
  test("names, usages, identifiers", () => {
    const facts = readCertificate(rich.pem);
    expect(facts).toMatchObject({
      commonName: "mail.example.org",
      dnsNames: ["mail.example.org", "*.example.org"],
      ipNames: ["192.0.2.1", "2001:db8::1"],
      serial: "80ff01",
      key: { type: "rsa", bits: 2048 },
      signatureAlgorithm: "sha384WithRSAEncryption",
      isCa: false,
      keyUsage: ["digitalSignature", "keyEncipherment", "keyAgreement", "decipherOnly"],
      extendedKeyUsage: ["serverAuth", "clientAuth", "1.2.3.4.99999"],
      selfSigned: true,
    });
    expect(facts.subject).toBe(facts.issuer);
  });

  test("the same as OpenSSL's own reading", async () => {
    const facts = readCertificate(rich.pem);
    const { output } = await openssl(
      ["x509", "-noout", "-dates", "-fingerprint", "-sha256", "-subject", "-nameopt", "RFC2253,utf8,-esc_msb"],
      rich.pem,
    );
    expect(new Date(/notBefore=(.*)/.exec(output)?.[1] ?? "")).toEqual(facts.notBefore);
    expect(new Date(/notAfter=(.*)/.exec(output)?.[1] ?? "")).toEqual(facts.notAfter);
    expect(/Fingerprint=(.*)/.exec(output)?.[1]?.replaceAll(":", "").toLowerCase()).toBe(facts.sha256);
    expect(/subject=(.*)/.exec(output)?.[1]).toBe(facts.subject);
    const node = new X509Certificate(rich.pem);
    expect(facts.spkiSha256).toBe(
      createHash("sha256")
        .update(node.publicKey.export({ type: "spki", format: "der" }))
        .digest("hex"),
    );
    expect(facts.pem).toBe(rich.pem);
    expect(facts.der.equals(node.raw)).toBe(true);
    expect(readCertificate(facts.der)).toEqual(facts);
    const keyId = await openssl(["x509", "-noout", "-ext", "subjectKeyIdentifier"], rich.pem);
    expect(keyId.output.replaceAll(/[:\s]/g, "").toLowerCase()).toContain(facts.subjectKeyId);
  });

  test.each([
    [["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-sha256"], { type: "ec", curve: "P-384" }, "ecdsa-with-SHA256"],
    [["ed25519"], [], { type: "ed25519" }, "Ed25519"],
    [["ed448"], [], { type: "ed448" }, "Ed448"],
    [["rsa:2048"], ["-sha1"], { type: "rsa", bits: 2048 }, "sha1WithRSAEncryption"],
    [["rsa:2048"], ["-sigopt", "rsa_padding_mode:pss", "-sha512"], { type: "rsa", bits: 2048 }, "RSASSA-PSS-SHA512"],
    [["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], [], { type: "ec", curve: "secp256k1" }, "ecdsa-with-SHA256"],
  ])("a key of the kind %j, options %j", async (newKey, options, key, signatureAlgorithm) => {
    const { pem } = await foreignCertificate({
      subject: "/CN=x.example.org",
      extensions: ["basicConstraints=CA:TRUE"],
      newKey,
      options,
    });
    expect(readCertificate(pem)).toMatchObject({ key, signatureAlgorithm, isCa: true, selfSigned: true });
  });

  test("what is absent stays absent", async () => {
    const { pem } = await foreignCertificate({
      subject: "/",
      extensions: ["subjectKeyIdentifier=none", "authorityKeyIdentifier=none"],
    });
    const facts = readCertificate(pem);
    expect(facts).toMatchObject({ subject: "", dnsNames: [], ipNames: [], isCa: false });
    expect(Object.keys(facts)).not.toEqual(expect.arrayContaining(["commonName"]));
    for (const key of ["keyUsage", "extendedKeyUsage", "subjectKeyId", "authorityKeyId"])
      expect(facts).not.toHaveProperty(key);
  });

  test("validity after 2049 (GeneralizedTime)", async () => {
    const { pem } = await foreignCertificate({ subject: "/CN=x", extensions: [], options: ["-days", "20000"] });
    const { output } = await openssl(["x509", "-noout", "-enddate"], pem);
    expect(readCertificate(pem).notAfter).toEqual(new Date(output.replace("notAfter=", "").trim()));
    expect(readCertificate(pem).notAfter.getUTCFullYear()).toBeGreaterThan(2049);
  });

  test("control characters in a subject and in names are made harmless", async () => {
    const nul =
      "subjectAltName=DER:30:1a:82:18:6d:61:69:6c:2e:65:78:61:6d:70:6c:65:2e:6f:72:67:00:2e:65:76:69:6c:0a:78";
    const { pem } = await foreignCertificate({ subject: "/CN=a\u001b[2Jb\nc\u202ed", extensions: [nul] });
    const facts = readCertificate(pem);
    expect(facts.subject).toBe("CN=a [2Jb c d");
    expect(facts.commonName).toBe("a [2Jb c d");
    expect(facts.dnsNames).toEqual(["mail.example.org\\000.evil\\010x"]);
  });

  test("a subject of any length is bounded", async () => {
    const subject = `/${Array.from({ length: 20 }, () => `OU=${"x".repeat(60)}`).join("/")}/CN=end`;
    const { pem } = await foreignCertificate({ subject, extensions: [] });
    const facts = readCertificate(pem);
    expect(facts.subject.length).toBe(300);
    expect(facts.subject).toMatch(/^CN=end,OU=x/);
  });
});

describe("what is no certificate", () => {
  const failureOf = (source: string | Uint8Array): Failure => {
    try {
      readCertificate(source);
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
    throw new Error("it was read");
  };

  test.each([
    [""],
    ["hello"],
    ["-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"],
    ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"],
    ["-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"],
    [new Uint8Array()],
    [Uint8Array.of(0x30, 0x80, 0, 0)],
  ])("%j", (source) => {
    expect(failureOf(source).kind).toBe("data");
    expect(failureOf(source).message).toMatch(/^not a readable X\.509 certificate: /);
  });

  test("damaged bytes give facts or a Failure, never anything else", () => {
    const der = readCertificate(rich.pem).der;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(der.length),
        (changes, cut) => {
          const copy = Buffer.from(der);
          for (const [at, value] of changes) copy[at] = value;
          for (const source of [copy, copy.subarray(0, cut)]) {
            try {
              expect(readCertificate(source).sha256).toHaveLength(64);
            } catch (error) {
              expect(error).toBeInstanceOf(Failure);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("splitPem", () => {
  test("finds the certificates among keys, prose and line ends of any kind", () => {
    const text = `subject=x\n${rich.key}${rich.pem.replaceAll("\n", "\r\n")}junk ${rich.pem.trim()}`;
    expect(splitPem(text)).toEqual([rich.pem, rich.pem]);
    expect(splitPem("")).toEqual([]);
    expect(splitPem(rich.key)).toEqual([]);
  });

  test("reads the first certificate of several", () => {
    expect(readCertificate(`${rich.key}${rich.pem}${rich.pem}`).pem).toBe(rich.pem);
  });

  test("a long hostile text takes no time", () => {
    const started = performance.now();
    expect(splitPem("-----BEGIN CERTIFICATE-----\n".repeat(50_000))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
